//! Comments of a `.proto`, which become documentation.

use prost_types::FileDescriptorProto;

use super::markdown;

/// Marks the code in the comments as text: it is no test of the user's crate.
pub(super) fn tame(file: &mut FileDescriptorProto) {
    let locations = file
        .source_code_info
        .iter_mut()
        .flat_map(|info| &mut info.location);
    for location in locations {
        let leading = &mut location.leading_comments;
        let trailing = &mut location.trailing_comments;
        for text in [leading, trailing].into_iter().flatten() {
            *text = markdown::code_as_text(text);
        }
    }
}
