//! `poolfees`, which the web and the daemons must read alike.

use stakepool_core::ticket::PoolFee;

use crate::reader::Reader;
use crate::value::{NO_FEE, fee};

/// Reads the fee, and says where the wallets count another one than is written.
pub(crate) fn pool_fee(reader: &mut Reader<'_>) -> Option<PoolFee> {
    let fee = reader.value("poolfees", fee)?;
    let counted = f64::from(fee.hundredths()) / 100.0;
    if fee.hundredths() == 0 {
        reader.warn(format!(
            "poolfees={NO_FEE}: the pool asks for no fee; exccwallet as a voting wallet takes none below 0.01 for its own \
             poolfees"
        ));
    } else if counted != fee.percent() {
        reader.warn(format!(
            "poolfees={fee} counts as {counted} percent: wallets and daemons cut it to hundredths of a percent; write \
             {counted}, or a fee that they do not cut"
        ));
    }
    Some(fee)
}
