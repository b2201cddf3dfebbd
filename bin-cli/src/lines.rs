//! Questions on standard input, one a line, and their answers in the same order.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use crate::answer::{Answer, Style};
use crate::error::CliError;

/// Bytes of a line from which on it is not even looked at: no transaction that a node relays comes near it in hexadecimal.
const LONGEST_LINE: usize = 4 << 20;
/// Bytes that are read or written at once.
const BUFFER: usize = 256 << 10;

/// Answers each line of `input` with a line of `output`. A line that cannot be used gets an error in its place, and the
/// rest goes on.
pub(crate) fn answer_each<A: Answer>(
    style: Style,
    input: &mut dyn Read,
    output: &mut dyn Write,
    mut answer: impl FnMut(&[u8]) -> Result<A, String>,
) -> Result<(), CliError> {
    let mut reader = BufReader::with_capacity(BUFFER, input);
    let mut writer = BufWriter::with_capacity(BUFFER, output);
    let mut line = Vec::new();
    loop {
        if reader.buffer().is_empty() {
            // The next read may wait: a program that asks line by line must have all answers so far.
            writer.flush().map_err(CliError::Output)?;
        }
        let answered = match read_line(&mut reader, &mut line).map_err(CliError::Input)? {
            Line::End => break,
            Line::Complete => answer(&line),
            Line::TooLong => Err(format!("the line is longer than {LONGEST_LINE} bytes")),
        };
        style.write_line(&mut writer, &answered.as_ref().map_err(Clone::clone)).map_err(CliError::Output)?;
    }
    writer.flush().map_err(CliError::Output)
}

enum Line {
    Complete,
    TooLong,
    End,
}

/// Reads the next line into `line`, without its end, and never keeps more than [`LONGEST_LINE`] of it.
fn read_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    line.clear();
    let (mut any, mut too_long) = (false, false);
    loop {
        let available = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            available => available?,
        };
        if available.is_empty() {
            break;
        }
        any = true;
        let end = available.iter().position(|byte| *byte == b'\n');
        let content = &available[..end.unwrap_or(available.len())];
        too_long |= line.len() + content.len() > LONGEST_LINE;
        if !too_long {
            line.extend_from_slice(content);
        }
        let used = content.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            break;
        }
    }
    Ok(match (any, too_long) {
        (false, _) => Line::End,
        (true, true) => Line::TooLong,
        (true, false) => Line::Complete,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    #[derive(Serialize)]
    struct Length {
        length: usize,
    }

    impl Answer for Length {
        fn fields(&self) -> Vec<(&'static str, String)> {
            vec![("length", self.length.to_string())]
        }
    }

    fn lengths(style: Style, input: &[u8]) -> String {
        let mut output = Vec::new();
        answer_each(style, &mut { input }, &mut output, |line| match line.len() {
            0 => Err("empty".to_owned()),
            length => Ok(Length { length }),
        })
        .unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn every_line_has_its_answer_in_its_place() {
        assert_eq!(lengths(Style::Json, b"abc\n\nab"), "{\"length\":3}\n{\"error\":\"empty\"}\n{\"length\":2}\n");
        assert_eq!(lengths(Style::Text, b"abc\n\n"), "length 3\nerror: empty\n");
        assert_eq!(lengths(Style::Json, b""), "");
    }

    #[test]
    fn an_endless_line_is_refused_and_the_next_one_answered() {
        let mut input = vec![b'x'; LONGEST_LINE + 1];
        input.extend_from_slice(b"\nab\n");
        assert_eq!(
            lengths(Style::Json, &input),
            "{\"error\":\"the line is longer than 4194304 bytes\"}\n{\"length\":2}\n"
        );
    }
}
