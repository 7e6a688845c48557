//! Calls of the generated clients to the generated servers, with nothing between them.

mod ancient;
mod clash;
mod deprecated;
mod descriptors;
mod direct;
mod hand_written;
mod hand_written_streams;
mod instances;
mod keys;
mod names;
mod shop;
mod sides;
mod streams;
