use std::time::Duration;

use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use kafka_rpc::{Metadata, Request, Response, Status, Streaming};

use crate::handlers::Handlers;
use crate::proto::{
    EchoStatus, Empty, HandlersReply, Payload, ResponseParameters, SimpleRequest, SimpleResponse,
    StreamingInputCallRequest, StreamingInputCallResponse, StreamingOutputCallRequest,
    StreamingOutputCallResponse, TestService, UnimplementedService, Witness,
};

/// Metadata of a request that comes back with the reply.
pub(crate) const ECHO_INITIAL: &str = "x-grpc-test-echo-initial";
/// The same of raw bytes, which comes back behind the messages of a stream. A reply of one message is one record, so there it
/// comes back with the other.
pub(crate) const ECHO_TRAILING: &str = "x-grpc-test-echo-trailing-bin";

/// The server's side of all services.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interop {
    handlers: Handlers,
}

// `unimplemented_call` is left out: it is what answers UNIMPLEMENTED.
impl TestService for Interop {
    async fn empty_call(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        Ok(Response::new(Empty {}))
    }

    async fn unary_call(
        &self,
        request: Request<SimpleRequest>,
    ) -> Result<Response<SimpleResponse>, Status> {
        let asked = request.get_ref();
        as_asked(asked.response_status.as_ref())?;
        let response = SimpleResponse {
            payload: Some(Payload::zeros(size(asked.response_size)?)),
        };
        echo(request.metadata(), response)
    }

    async fn streaming_input_call(
        &self,
        request: Request<Streaming<StreamingInputCallRequest>>,
    ) -> Result<Response<StreamingInputCallResponse>, Status> {
        let _running = self.handlers.begin();
        let mut requests = request.into_inner();
        let mut sum = 0_usize;
        while let Some(request) = requests.message().await? {
            sum += request.payload.unwrap_or_default().body.len();
        }
        let aggregated_payload_size = i32::try_from(sum)
            .map_err(|_| Status::out_of_range(format!("{sum} bytes are more than an int32")))?;
        Ok(Response::new(StreamingInputCallResponse {
            aggregated_payload_size,
        }))
    }

    async fn streaming_output_call(
        &self,
        request: Request<StreamingOutputCallRequest>,
    ) -> Result<
        Response<impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send>,
        Status,
    > {
        let running = self.handlers.begin();
        let request = request.into_inner();
        as_asked(request.response_status.as_ref())?;
        let payloads = payloads(request.response_parameters);
        Ok(Response::new(payloads.inspect(move |_| {
            let _running = &running;
        })))
    }

    async fn full_duplex_call(
        &self,
        request: Request<Streaming<StreamingOutputCallRequest>>,
    ) -> Result<
        Response<impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send>,
        Status,
    > {
        let running = self.handlers.begin();
        let mut response = echo(request.metadata(), ())?;
        if let Some(value) = response.metadata_mut().remove(ECHO_TRAILING) {
            response.trailers().insert_bin(ECHO_TRAILING, value)?;
        }
        let answers = request.into_inner().map(move |request| {
            let _running = &running;
            let request = request?;
            as_asked(request.response_status.as_ref())?;
            Ok::<_, Status>(payloads(request.response_parameters))
        });
        Ok(response.map(|()| answers.try_flatten()))
    }
}

impl UnimplementedService for Interop {}

impl Witness for Interop {
    async fn handlers(&self, _: Request<Empty>) -> Result<Response<HandlersReply>, Status> {
        Ok(Response::new(self.handlers.counts()))
    }
}

/// The status that a request asks for, as an error.
fn as_asked(status: Option<&EchoStatus>) -> Result<(), Status> {
    match status {
        Some(status) if status.code != 0 => {
            Err(Status::new(status.code.into(), status.message.as_str()))
        }
        _ => Ok(()),
    }
}

fn echo<T>(metadata: &Metadata, message: T) -> Result<Response<T>, Status> {
    let mut response = Response::new(message);
    let echoed = response.metadata_mut();
    if let Some(value) = metadata.get(ECHO_INITIAL) {
        echoed.insert(ECHO_INITIAL, value.clone())?;
    }
    if let Some(value) = metadata.get_bin(ECHO_TRAILING) {
        echoed.insert_bin(ECHO_TRAILING, value.clone())?;
    }
    Ok(response)
}

fn payloads(
    parameters: Vec<ResponseParameters>,
) -> impl Stream<Item = Result<StreamingOutputCallResponse, Status>> + Send {
    stream::iter(parameters).then(async |parameters| {
        let pause = u64::try_from(parameters.interval_us)
            .map_err(|_| Status::invalid_argument("interval_us is less than 0"))?;
        if pause > 0 {
            tokio::time::sleep(Duration::from_micros(pause)).await;
        }
        Ok(StreamingOutputCallResponse {
            payload: Some(Payload::zeros(size(parameters.size)?)),
        })
    })
}

fn size(asked: i32) -> Result<usize, Status> {
    usize::try_from(asked)
        .map_err(|_| Status::invalid_argument(format!("a payload has no {asked} bytes")))
}
