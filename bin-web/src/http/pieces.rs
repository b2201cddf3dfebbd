//! A page that is kept without the visitor's token, to be sent with one.

use hyper::body::Bytes;

/// The pieces of a page between the places of a token.
pub fn cut(page: &Bytes, token: &str) -> Option<Vec<Bytes>> {
    let text = std::str::from_utf8(page).ok()?;
    Some(text.split(token).map(|piece| page.slice_ref(piece.as_bytes())).collect())
}

/// The page again, with a token in its places.
pub fn joined(pieces: &[Bytes], token: &str) -> Vec<u8> {
    let length = pieces.iter().map(|piece| piece.len() + token.len()).sum();
    let mut page = Vec::with_capacity(length);
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            page.extend_from_slice(token.as_bytes());
        }
        page.extend_from_slice(piece);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_the_same_with_another_token_in_its_places() {
        let pieces = cut(&Bytes::from_static(b"<a>one<b>one"), "one").unwrap();
        assert_eq!((pieces.len(), joined(&pieces, "another")), (3, b"<a>another<b>another".to_vec()));
        assert_eq!(joined(&cut(&Bytes::from_static(b"plain"), "one").unwrap(), "another"), b"plain");
        assert_eq!(cut(&Bytes::from_static(b"\xff"), "one"), None);
    }
}
