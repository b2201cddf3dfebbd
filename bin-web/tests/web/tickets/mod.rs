//! The pages of tickets: overview, lists, the page of each, downloads, charts, and ten thousand tickets.

mod buying;
mod files;
mod lists;
mod many;
mod overview;
mod page;
mod scene;
