//! What the pool's fees brought in, by month.

use serde::Serialize;
use stakepool::tickets::{FeeSum, FeesByMonth, MonthFees};
use warp::http::StatusCode;

use super::guard::guard;
use crate::http::respond::csv_file;
use crate::view::amounts;
use crate::visit::{Outcome, Visit};

/// The fields of a line, in their order. None of them holds a comma.
const HEAD: &str = "month,account_tickets,account_fees_excc,registered_tickets,registered_fees_excc,fees_excc\r\n";

#[derive(Serialize)]
struct Income {
    months: Vec<Month>,
    /// Tickets of which not all is read from the chain yet.
    lacking: u64,
}

#[derive(Serialize)]
struct Month {
    name: String,
    accounts: Sum,
    registered: Sum,
    amount: String,
}

#[derive(Serialize)]
struct Sum {
    tickets: u64,
    amount: String,
}

impl From<FeeSum> for Sum {
    fn from(sum: FeeSum) -> Self {
        Self { tickets: sum.tickets, amount: amounts::fee(sum.amount) }
    }
}

/// Shows the months.
pub async fn show(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let FeesByMonth { months, lacking } = find(&visit).await?;
    let month = |month: MonthFees| Month {
        amount: amounts::fee(month.amount()),
        name: month.month,
        accounts: month.accounts.into(),
        registered: month.registered.into(),
    };
    let content = Income { months: months.into_iter().map(month).collect(), lacking };
    visit.page("adminincome.html.tera", StatusCode::OK, &content)
}

/// The months as CSV.
pub async fn csv(visit: Visit) -> Outcome {
    guard(&visit).await?;
    let mut text = String::from(HEAD);
    for month in find(&visit).await?.months {
        let amount = month.amount();
        let MonthFees { month, accounts, registered } = month;
        text.push_str(&format!(
            "{month},{},{},{},{},{amount}\r\n",
            accounts.tickets, accounts.amount, registered.tickets, registered.amount
        ));
    }
    Ok(csv_file(text, "feeincome.csv"))
}

async fn find(visit: &Visit) -> Result<FeesByMonth, stakepool_core::ports::StoreError> {
    FeesByMonth::find(visit.site.pool.parts().money.as_ref()).await
}
