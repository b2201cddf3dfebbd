//! Values in double quotes, as the predecessor's parser (Go) reads them.

/// The content of a value that begins with a double quote; other values stay as they are.
///
/// # Errors
/// What is wrong with the quotes. The value itself is not repeated, for it may be a secret.
pub(crate) fn unquote(text: &str) -> Result<String, &'static str> {
    if !text.starts_with('"') {
        return Ok(text.to_owned());
    }
    let inner = text[1..].strip_suffix('"').ok_or("the closing double quote is missing")?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => return Err("a double quote inside the value must be written as \\\""),
            '\\' => escape(&mut rest, &mut bytes)?,
            other => bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    String::from_utf8(bytes).map_err(|_| "the escapes in the quoted value make no UTF-8 text")
}

const BAD_ESCAPE: &str = "a backslash in a quoted value must be written twice";

fn escape(rest: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) -> Result<(), &'static str> {
    let letter = rest.next().ok_or(BAD_ESCAPE)?;
    let byte = match letter {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        '"' => b'"',
        'x' => digits(rest, 2, 16, 0)? as u8,
        'u' | 'U' => {
            let code = digits(rest, if letter == 'u' { 4 } else { 8 }, 16, 0)?;
            let character = char::from_u32(code).ok_or(BAD_ESCAPE)?;
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        '0'..='7' => u8::try_from(digits(rest, 2, 8, letter.to_digit(8).unwrap_or(0))?).map_err(|_| BAD_ESCAPE)?,
        _ => return Err(BAD_ESCAPE),
    };
    bytes.push(byte);
    Ok(())
}

fn digits(rest: &mut std::str::Chars<'_>, count: u32, radix: u32, first: u32) -> Result<u32, &'static str> {
    (0..count).try_fold(first, |value, _| {
        let digit = rest.next().and_then(|c| c.to_digit(radix)).ok_or(BAD_ESCAPE)?;
        value.checked_mul(radix).and_then(|value| value.checked_add(digit)).ok_or(BAD_ESCAPE)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_are_taken_off_and_escapes_resolved() {
        for (text, value) in [
            ("plain", "plain"),
            ("\"\"", ""),
            ("\" kept \"", " kept "),
            (r#""a \"b\" \\ c""#, r#"a "b" \ c"#),
            (r#""\x41\101é\t""#, "AA\u{e9}\t"),
        ] {
            assert_eq!(unquote(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn open_quotes_and_unknown_escapes_are_refused() {
        for text in ["\"", "\"open", r#""a"b""#, r#""\q""#, r#""\xg1""#, r#""\777""#, r#""\UFFFFFFFF""#, r#""\""#] {
            assert!(unquote(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\"?.*\"?") {
            let _ = unquote(&text);
        }
    }
}
