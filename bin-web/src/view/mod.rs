//! How things look: templates, assets, charts, and figures in words.

pub mod amounts;
pub mod assets;
pub mod chart;
pub mod encoding;
pub mod network;
pub mod pager;
pub mod qr;
pub mod registered;
pub mod render;
pub mod when;
