//! What a form brings: urlencoded, multipart, or in the URL's query.

use warp::http::HeaderMap;
use warp::http::header::CONTENT_TYPE;

/// Most fields that are looked at.
const MAX_FIELDS: usize = 1000;

/// The fields of a request; the body's come before the query's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// The fields of a body and of the query. A body of an unknown kind has none.
    pub fn read(headers: &HeaderMap, query: &str, body: &[u8]) -> Self {
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let mut form = match essence.as_str() {
            "application/x-www-form-urlencoded" => Self::urlencoded(body),
            "multipart/form-data" => {
                boundary(kind).map(|boundary| Self::multipart(body, &boundary)).unwrap_or_default()
            }
            _ => Self::default(),
        };
        form.extend(Self::urlencoded(query.as_bytes()));
        form
    }

    /// The fields of `a=1&b=2`.
    pub fn urlencoded(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).take(MAX_FIELDS).map(|(k, v)| (k.into_owned(), v.into_owned())).collect())
    }

    /// Fields that come from elsewhere.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().take(MAX_FIELDS).collect())
    }

    /// Appends fields, which count where these lack a name.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The first field of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(found, value)| (found == name).then_some(value.as_str()))
    }

    /// All fields of a name, in their order.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The first field of a name, or nothing where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The first bytes of the first field of a name, for a page that shows again what was typed: however much that was.
    pub fn start_of(&self, name: &str, most: usize) -> &str {
        let text = self.text(name);
        &text[..text.floor_char_boundary(most)]
    }

    /// The fields as a query.
    pub fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    fn multipart(body: &[u8], boundary: &str) -> Self {
        let delimiter = format!("--{boundary}");
        let parts = split(body, delimiter.as_bytes()).skip(1).take(MAX_FIELDS);
        Self(parts.filter_map(part).collect())
    }
}

/// Values are not shown: a form may hold a password.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn boundary(content_type: &str) -> Option<String> {
    let parameter = content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
    })?;
    (!parameter.is_empty() && parameter.len() <= 70).then(|| parameter.to_owned())
}

/// One part: headers, an empty line, the value. Files are of no use here and are left out.
fn part(bytes: &[u8]) -> Option<(String, String)> {
    let bytes = bytes.strip_prefix(b"\r\n")?;
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, value) = (std::str::from_utf8(&bytes[..at]).ok()?, &bytes[at + 4..]);
    let disposition = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let parameter = |wanted: &str| {
        disposition.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    if parameter("filename").is_some() {
        return None;
    }
    let value = value.strip_suffix(b"\r\n").unwrap_or(value);
    Some((parameter("name")?, String::from_utf8_lossy(value).into_owned()))
}

fn split<'a>(mut rest: &'a [u8], delimiter: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        match rest.windows(delimiter.len()).position(|window| window == delimiter) {
            Some(at) => {
                let piece = &rest[..at];
                rest = &rest[at + delimiter.len()..];
                Some(piece)
            }
            None => {
                done = true;
                Some(rest)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(kind: &str, query: &str, body: &str) -> Form {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, kind.parse().unwrap());
        Form::read(&headers, query, body.as_bytes())
    }

    #[test]
    fn the_body_wins_over_the_query() {
        let form = read("application/x-www-form-urlencoded; charset=utf-8", "a=query&b=2", "a=body+%C3%A4");
        assert_eq!((form.text("a"), form.text("b"), form.get("c")), ("body ä", "2", None));
    }

    #[test]
    fn multipart_fields_are_read_and_files_left_out() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"VoteBits\"\r\n\r\n1\r\n\
                    --x\r\ncontent-disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nfile\r\n\
                    --x\r\nContent-Disposition: form-data; name=two\r\n\r\nline 1\r\nline 2\r\n--x--\r\n";
        let form = read("multipart/form-data; boundary=x", "", body);
        assert_eq!((form.text("VoteBits"), form.get("f"), form.text("two")), ("1", None, "line 1\r\nline 2"));
    }

    #[test]
    fn a_body_of_another_kind_has_no_fields() {
        assert_eq!(read("text/plain", "", "a=1").get("a"), None);
    }

    #[test]
    fn values_never_show_in_debug() {
        assert_eq!(format!("{:?}", Form::urlencoded(b"password=secret")), "[\"password\"]");
    }

    proptest! {
        #[test]
        fn no_body_panics(body: Vec<u8>, boundary in "[a-z\\-]{0,4}") {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, format!("multipart/form-data; boundary={boundary}").parse().unwrap());
            Form::read(&headers, "", &body);
            Form::urlencoded(&body);
        }

        #[test]
        fn no_multipart_panics(pieces in prop::collection::vec(prop::sample::select(vec!["--x", "\r\n", "\r\n\r\n", "--", "Content-Disposition: form-data; name=\"a\"", ";", "=", "\"", "v"]), 0..40)) {
            read("multipart/form-data; boundary=x", "", &pieces.concat());
        }
    }
}
