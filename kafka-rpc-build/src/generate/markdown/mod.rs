//! Blocks of code in Markdown, which rustdoc takes for tests unless they say that they are text.

mod lines;
#[cfg(test)]
mod tests;

use lines::{closes, ends_paragraph, indentation, opens, split_markers, text_info};

/// Marks blocks of code as text: those between fences, and those that are only indented.
pub(super) fn code_as_text(comment: &str) -> String {
    let margin = comment
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(indentation)
        .min()
        .unwrap_or(0);
    let mut marker = Marker {
        text: String::with_capacity(comment.len() + 16),
        margin,
        item: 0,
        block: Block::Ended,
    };
    for line in comment.lines() {
        marker.line(line);
    }
    marker.end()
}

struct Marker {
    text: String,
    /// The column at which the comment starts.
    margin: usize,
    /// The column, from the margin, at which the text of the current list item starts.
    item: usize,
    block: Block,
}

enum Block {
    /// The next line starts a block; code, if it is indented.
    Ended,
    /// An indented line goes on with the paragraph.
    Paragraph,
    /// Code that was only indented, in fences of ours.
    Indented,
    /// Code in fences of its own, with the column of the first.
    Fenced {
        fence: String,
        column: usize,
        is_quoted: bool,
    },
}

impl Marker {
    fn line(&mut self, line: &str) {
        let content = line.trim_start();
        let column = indentation(line).saturating_sub(self.margin);
        let goes_on = match &self.block {
            Block::Ended | Block::Paragraph => false,
            Block::Indented => content.is_empty() || column >= self.item + 4,
            Block::Fenced { is_quoted, .. } => !is_quoted || content.starts_with('>'),
        };
        if !goes_on {
            self.close();
            self.start(line, content, column);
            return;
        }
        self.push(line);
        if let Block::Fenced {
            fence,
            column: of_fence,
            ..
        } = &self.block
            && column < of_fence + 4
            && closes(content.trim_start_matches(['>', ' ']), fence)
        {
            self.block = Block::Ended;
        }
    }

    /// A line outside of any code.
    fn start(&mut self, line: &str, content: &str, column: usize) {
        if content.is_empty() {
            self.push(line);
            self.block = Block::Ended;
            return;
        }
        if matches!(self.block, Block::Ended) {
            if column >= self.item + 4 {
                let fence = format!("{}```text", self.edge());
                self.push(&fence);
                self.push(line);
                self.block = Block::Indented;
                return;
            }
            if column < self.item {
                self.item = 0;
            }
        }
        let (markers, is_item, rest) = split_markers(content);
        if is_item {
            self.item = column + markers.len();
        }
        let blanks = &line[..line.len() - line.trim_start().len()];
        match opens(rest) {
            Some((fence, info)) => {
                self.push(&format!("{blanks}{markers}{fence}{}", text_info(info)));
                self.block = Block::Fenced {
                    fence: fence.to_owned(),
                    column: column.max(self.item),
                    is_quoted: markers.contains('>'),
                };
            }
            None => {
                self.push(&format!("{blanks}{markers}{rest}"));
                self.block = if ends_paragraph(rest) {
                    Block::Ended
                } else {
                    Block::Paragraph
                };
            }
        }
    }

    /// Closes a block of code whose end was not written.
    fn close(&mut self) {
        match &self.block {
            Block::Indented => {
                let fence = format!("{}```", self.edge());
                self.push(&fence);
                self.block = Block::Ended;
            }
            Block::Fenced { .. } => self.block = Block::Ended,
            Block::Ended | Block::Paragraph => {}
        }
    }

    fn end(mut self) -> String {
        if let Block::Fenced {
            fence,
            is_quoted: false,
            ..
        } = &self.block
        {
            let fence = format!("{}{fence}", self.edge());
            self.push(&fence);
        }
        self.close();
        self.text
    }

    fn edge(&self) -> String {
        " ".repeat(self.margin + self.item)
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}
