//! How to buy tickets with a wallet of today, which needs no account.

use serde::Serialize;
use stakepool::vsp::{Standing, Vsp};
use stakepool_core::chain::Amount;
use stakepool_core::vsp::QUOTE_HOLDS;
use warp::http::StatusCode;

use crate::page_error::PageError;
use crate::view::amounts;
use crate::view::network::network_flag;
use crate::view::render::Sample;
use crate::visit::{Outcome, Visit};

/// The most that Exilibrium pays.
const EXILIBRIUM_PAYS: Amount = Amount::from_atoms(10_000_000);
/// Stand in commands for what the buyer has to put in.
const HIGHEST_PRICE: &str = "HIGHEST_PRICE";
const TICKET: &str = "TICKET";

#[derive(Default, Serialize)]
struct Page {
    /// What the operator says, where no new tickets are taken.
    closed: Option<String>,
    /// Why no ticket can be taken at this moment.
    hindrance: Option<&'static str>,
    url: String,
    /// The same as Exilibrium lists it.
    host: String,
    is_https: bool,
    public_key: String,
    fee_percent: String,
    most: Option<String>,
    example: Option<Example>,
    quote_minutes: u64,
    wallet: String,
    buy: String,
    register: String,
}

/// What a ticket is asked at the present price.
#[derive(Serialize)]
struct Example {
    price: String,
    fee: String,
    too_dear_for_exilibrium: bool,
}

/// Shows the page, where wallets of today are served.
pub async fn show(visit: Visit) -> Outcome {
    let page = {
        let Some(vsp) = visit.site.pool.vsp() else { return Err(PageError::not_found()) };
        page(vsp, &visit.site.pool.site().base_url, vsp.standing())
    };
    visit.page("vsp.html.tera", StatusCode::OK, &page)
}

fn page(vsp: &Vsp, base_url: &str, standing: Standing) -> Page {
    let (terms, url) = (vsp.terms(), base_url.trim_end_matches('/').to_owned());
    let public_key = standing.public_key.clone();
    let flag = network_flag(terms.network);
    let exccctl = format!("exccctl {flag}--wallet");
    Page {
        example: Example::of(&standing),
        closed: standing.closed,
        hindrance: standing.hindrance,
        host: url.split_once("://").map_or(&*url, |(_, host)| host).to_owned(),
        is_https: url.starts_with("https://"),
        wallet: format!("exccwallet {flag}--vsp.url={url} --vsp.pubkey={public_key}"),
        buy: format!("{exccctl} purchaseticket default {HIGHEST_PRICE} 1 \"\" 1"),
        register: format!("{exccctl} processunmanagedticket {TICKET}"),
        url,
        public_key,
        fee_percent: terms.fee.fee.to_string(),
        most: terms.fee.most.map(amounts::price),
        quote_minutes: QUOTE_HOLDS.as_secs() / 60,
    }
}

impl Example {
    fn of(standing: &Standing) -> Option<Self> {
        let (best, fee) = standing.best.zip(standing.fee)?;
        let too_dear_for_exilibrium = fee > EXILIBRIUM_PAYS;
        Some(Self { price: amounts::price(best.stake_difficulty), fee: amounts::fee(fee), too_dear_for_exilibrium })
    }
}

/// The page, to try templates with.
pub fn samples() -> Vec<Sample> {
    let example = Example { price: String::new(), fee: String::new(), too_dear_for_exilibrium: true };
    let open = Page { example: Some(example), most: Some(String::new()), is_https: true, ..Page::default() };
    let shut = Page { closed: Some(String::new()), ..Page::default() };
    let hindered = Page { hindrance: Some(""), ..Page::default() };
    [open, shut, hindered].map(|page| Sample::new("vsp.html.tera", &page)).into()
}
