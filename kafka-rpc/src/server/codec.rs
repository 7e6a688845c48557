use crate::Error;
use crate::call::{Body, Request, Response, Status};
use crate::descriptor::{Method, ServiceDescriptor};
use crate::wire::ContentType;

#[cfg(feature = "json")]
use super::json::JsonCodec;

/// Between a record's encoding and protobuf, which is all that handlers see.
pub(super) struct Codec {
    #[cfg(feature = "json")]
    json: Option<JsonCodec>,
}

impl Codec {
    /// `json`: whether requests in JSON are taken, and the most bytes of a reply in it.
    #[cfg(feature = "json")]
    pub(super) fn new(
        json: Option<usize>,
        services: &[&'static ServiceDescriptor],
    ) -> Result<Self, Error> {
        let codec = |max_reply| JsonCodec::new(services.iter().copied(), max_reply);
        Ok(Self {
            json: json.map(codec).transpose()?,
        })
    }

    #[cfg(not(feature = "json"))]
    pub(super) fn new(_: Option<usize>, _: &[&'static ServiceDescriptor]) -> Result<Self, Error> {
        Ok(Self {})
    }

    pub(super) fn request(
        &self,
        content_type: ContentType,
        request: Request<Body>,
    ) -> Result<Request<Body>, Status> {
        match content_type {
            ContentType::Protobuf => Ok(request),
            ContentType::Json => self.json_request(request),
        }
    }

    pub(super) fn response(
        &self,
        content_type: ContentType,
        method: Option<Method>,
        response: Response<Body>,
    ) -> Result<Response<Body>, Status> {
        match content_type {
            ContentType::Protobuf => Ok(response),
            ContentType::Json => self.json_response(method, response),
        }
    }

    #[cfg(feature = "json")]
    fn json_request(&self, request: Request<Body>) -> Result<Request<Body>, Status> {
        let (codec, method) = self
            .json
            .as_ref()
            .zip(request.method())
            .ok_or_else(no_json)?;
        let (parts, body) = request.split();
        let protobuf = codec.decode(method, body.as_bytes())?;
        Ok(Request::join(parts, Body::new(protobuf)))
    }

    #[cfg(feature = "json")]
    fn json_response(
        &self,
        method: Option<Method>,
        response: Response<Body>,
    ) -> Result<Response<Body>, Status> {
        let (codec, method) = self.json.as_ref().zip(method).ok_or_else(no_json)?;
        let json = codec.encode(method, response.get_ref().as_bytes())?;
        Ok(response.map(|_| Body::new(json)))
    }

    #[cfg(not(feature = "json"))]
    fn json_request(&self, _: Request<Body>) -> Result<Request<Body>, Status> {
        Err(no_json())
    }

    #[cfg(not(feature = "json"))]
    fn json_response(
        &self,
        _: Option<Method>,
        _: Response<Body>,
    ) -> Result<Response<Body>, Status> {
        Err(no_json())
    }
}

fn no_json() -> Status {
    Status::unimplemented("this server takes application/protobuf only; JSON is not enabled on it")
}
