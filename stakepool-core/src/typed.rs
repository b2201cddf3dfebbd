//! What people type and paste, in the form in which it is compared.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::sanitize::is_hidden;

/// The zeros of the digits that keyboards of other scripts have: Arabic, Persian, Devanagari, Bengali, Thai.
const ZEROS: [char; 5] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{e50}'];

/// A password as it is hashed: composed (NFC), and with plain spaces, as the profile OpaqueString of RFC 8265 has it.
/// Keyboards and browsers differ in both.
///
/// ```
/// use stakepool_core::typed::password;
///
/// assert_eq!(password("u\u{308}ber den\u{a0}Berg"), "über den Berg");
/// ```
pub fn password(text: &str) -> Cow<'_, str> {
    let is_other_space = |c: char| !c.is_ascii() && is_space(c);
    if is_nfc(text) && !text.contains(is_other_space) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_other_space(c) { ' ' } else { c }).nfc().collect())
}

/// A space that separates words (Unicode's category `Zs`).
const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// The ways in which a password may have been hashed before passwords had one form: as it was typed, and decomposed (NFD).
/// Without the form of [`password`]; empty for most.
pub fn older_forms_of_password(text: &str) -> Vec<String> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut forms = vec![password(text).into_owned(), text.to_owned(), text.nfc().collect(), text.nfd().collect()];
    let first = forms.remove(0);
    let mut kept: Vec<String> = Vec::new();
    for form in forms {
        if form != first && !kept.contains(&form) {
            kept.push(form);
        }
    }
    kept
}

/// A code that people type from a device or a list: without blanks, dashes of any kind and what is not seen, and with
/// plain letters and digits. Its case is kept.
///
/// ```
/// use stakepool_core::typed::code;
///
/// assert_eq!(code(" １２３ ４５６ "), "123456");
/// assert_eq!(code("k7qa–3dzt−x2mn"), "k7qa3dztx2mn");
/// ```
pub fn code(text: &str) -> String {
    let plain = |c: char| {
        let of_zero = |zero: &char| (u32::from(c)).checked_sub(u32::from(*zero)).filter(|digit| *digit < 10);
        ZEROS.iter().find_map(of_zero).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
    };
    let counts = |c: &char| !c.is_whitespace() && !is_dash(*c) && !is_hidden(*c) && !c.is_control();
    // Twice, since the wide form of what does not count may be one that does not look like it.
    text.chars().filter(counts).nfkc().filter(counts).map(plain).collect()
}

/// Hyphens, dashes and minus signs.
const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '_'
            | '\u{58a}'
            | '\u{5be}'
            | '\u{2010}'..='\u{2015}'
            | '\u{2043}'
            | '\u{2212}'
            | '\u{2e3a}'..='\u{2e3b}'
            | '\u{30fc}'
            | '\u{fe58}'
            | '\u{fe63}'
            | '\u{ff0d}'
    )
}

/// A hash, key or address that was pasted: without what is not seen, and without the blanks, quotes and commas around it.
///
/// ```
/// use stakepool_core::typed::pasted;
///
/// assert_eq!(pasted(" “SsVG8Gga9NP7\u{200b}fYkCkn9W”,\u{a0}"), "SsVG8Gga9NP7fYkCkn9W");
/// ```
pub fn pasted(text: &str) -> String {
    let seen: String = text.chars().filter(|c| (c.is_whitespace() || !c.is_control()) && !is_hidden(*c)).collect();
    seen.trim_matches(|c: char| c.is_whitespace() || QUOTES.contains(&c)).to_owned()
}

/// What stands around a pasted text, and in none that is asked for.
const QUOTES: [char; 19] = [
    '"', '\'', '`', ',', ';', '<', '>', '\u{ab}', '\u{bb}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '\u{201c}',
    '\u{201d}', '\u{201e}', '\u{201f}', '\u{2039}', '\u{203a}',
];

/// A hash of 64 hexadecimal digits that was pasted: as [`pasted`], without `0x`, in small letters.
///
/// ```
/// assert_eq!(stakepool_core::typed::hash(" 0xAB12\u{200b} "), "ab12");
/// ```
pub fn hash(text: &str) -> String {
    let text = pasted(text).to_lowercase();
    text.strip_prefix("0x").unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_password_has_one_form_however_it_is_composed() {
        for typed in ["Gru\u{308}ße aus Köln", "Grüße aus Ko\u{308}ln", "Grüße\u{3000}aus\u{a0}Köln"] {
            assert_eq!(password(typed), "Grüße aus Köln");
        }
        assert_eq!(password(" Full Width　ＡＢＣ "), " Full Width ＡＢＣ ", "width and case count, and so do blanks");
        assert!(matches!(password("plain ascii"), Cow::Borrowed(_)));
    }

    #[test]
    fn older_hashes_are_of_what_was_typed_or_its_parts() {
        assert!(older_forms_of_password("plain ascii").is_empty());
        assert_eq!(older_forms_of_password("ü"), ["u\u{308}"]);
        assert_eq!(older_forms_of_password("u\u{308}"), ["u\u{308}"]);
        assert_eq!(older_forms_of_password("ü\u{a0}x"), ["ü\u{a0}x", "u\u{308}\u{a0}x"]);
    }

    #[test]
    fn a_code_is_read_with_any_dash_blank_and_digit() {
        for dash in ["-", "‐", "‑", "‒", "–", "—", "―", "−", "﹣", "－", " ", "\u{a0}", "\u{3000}", "\t", "\u{200b}"]
        {
            assert_eq!(code(&format!("abcd{dash}Ef12\u{feff}\r\n")), "abcdEf12", "{dash:?}");
        }
        assert_eq!(code("٤٥٦ ۴۵۶ ４５６ ४५६"), "456456456456");
    }

    #[test]
    fn a_pasted_hash_loses_what_stands_around_it() {
        let hash_of = "ab".repeat(32);
        for typed in [
            format!("\"{hash_of}\","),
            format!("0x{hash_of}"),
            hash_of.to_uppercase(),
            format!("\u{feff}{hash_of}\u{200b}\r\n"),
            format!("“{hash_of}”"),
            format!("{}\u{ad}{}", &hash_of[..9], &hash_of[9..]),
        ] {
            assert_eq!(hash(&typed), hash_of, "{typed:?}");
        }
    }

    proptest! {
        #[test]
        fn each_form_is_its_own_form(text in any::<String>()) {
            let formed = password(&text);
            prop_assert_eq!(password(&formed), formed.as_ref());
            prop_assert!(!code(&text).chars().any(|c| c.is_whitespace() || is_dash(c) || is_hidden(c)));
            prop_assert_eq!(pasted(&pasted(&text)), pasted(&text));
        }
    }
}
