//! Tricky `.proto` files, compiled and called the way a user does.
//!
//! Each module is the code of one of the files in `proto`; the calls are in `tests/calls`.
#![deny(warnings)]
// Not every message of the files is described; `documented` is the exception.
#![allow(missing_docs)]

include!(concat!(env!("OUT_DIR"), "/packages.rs"));

pub mod bare {
    kafka_rpc::include_proto!("_");
}

pub mod tricky {
    pub mod r#type {
        kafka_rpc::include_proto!("tricky.r#type");
    }
}

pub mod clash {
    kafka_rpc::include_proto!("clash");
}

pub mod kinds {
    kafka_rpc::include_proto!("kinds");
}

pub mod ancient {
    kafka_rpc::include_proto!("ancient");
}

pub mod streams {
    kafka_rpc::include_proto!("streams");
}

pub mod instances {
    kafka_rpc::include_proto!("instances");
}

#[deny(missing_docs, rustdoc::all)]
pub mod documented {
    //! Documentation comes from the comments of the `.proto`.
    kafka_rpc::include_proto!("documented");
}

pub mod client_only {
    kafka_rpc::include_proto!("client_only");
}

pub mod server_only {
    kafka_rpc::include_proto!("server_only");
}

pub mod shared {
    kafka_rpc::include_proto!("shared");
}
