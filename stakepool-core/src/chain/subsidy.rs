//! The subsidy of a block and of a vote.

use super::{Amount, BlockHeight, Params};

/// The whole subsidy of the block at `height`, in atoms.
///
/// Each reduction is rounded down before the next, as the consensus code of exccd does.
pub fn block_subsidy(params: &Params, height: BlockHeight) -> Amount {
    let atoms = match height.0 {
        0 => 0,
        1 => params.block_one_subsidy,
        height => {
            let mut subsidy = params.base_subsidy;
            for _ in 0..height / params.subsidy_reduction_interval {
                // Base subsidies are below 2^36 and multipliers below 2^17, so the product fits.
                subsidy = subsidy * params.mul_subsidy / params.div_subsidy;
                if subsidy == 0 {
                    break;
                }
            }
            subsidy
        }
    };
    Amount::from_atoms(atoms)
}

/// The subsidy of one vote in a block at `height`, in atoms.
///
/// Zero below the stake validation height less one, except under legacy simnet's rules.
pub fn vote_subsidy(params: &Params, height: BlockHeight) -> Amount {
    if !params.vote_subsidy_at_every_height && height.0 < params.stake_validation_height - 1 {
        return Amount::ZERO;
    }
    let shares = i64::from((params.work_reward_proportion + params.stake_reward_proportion) * params.tickets_per_block);
    // The largest block subsidy is below 2^51 and the proportion below 2^4.
    Amount::from_atoms(block_subsidy(params, height).atoms() * i64::from(params.stake_reward_proportion) / shares)
}
