//! QR codes as pictures within a page.

use qrcode::{Color, EcLevel, QrCode};

/// The light border that readers need, in modules.
const BORDER: usize = 4;

/// A QR code as an SVG element, black on white in light and dark pages alike; empty where the text is too long.
pub fn svg(text: &str, label: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return String::new() };
    let width = code.width();
    let size = width + 2 * BORDER;
    let dark = code.to_colors().into_iter().enumerate().filter(|(_, color)| *color == Color::Dark);
    let path = dark
        .fold(String::new(), |path, (at, _)| format!("{path}M{} {}h1v1h-1z", at % width + BORDER, at / width + BORDER));
    format!(
        "<svg viewBox=\"0 0 {size} {size}\" width=\"232\" height=\"232\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{size}v{size}h-{size}z\"/>\
         <path fill=\"#000\" d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_holds_one_square_a_dark_module() {
        let text = "otpauth://totp/a";
        let dark = QrCode::with_error_correction_level(text, EcLevel::M).unwrap().to_colors();
        let squares = dark.iter().filter(|color| **color == Color::Dark).count();
        assert_eq!(svg(text, "x").matches("h1v1h-1z").count(), squares);
        assert_eq!(svg(&"a".repeat(5000), "x"), "");
    }
}
