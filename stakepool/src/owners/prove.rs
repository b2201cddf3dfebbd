//! The proof of a ticket for whoever signs for it.

use super::challenge::Purpose;
use super::error::OwnershipError;
use super::show::Answered;
use crate::limits::origin::ClientAddress;
use crate::pool::Pool;
use crate::vsp::ProofError;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OwnersProofError {
    /// It is not shown to be theirs.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
    /// It cannot be made.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Pool {
    /// The file of everything that was signed for a ticket, for whoever has signed the text for [`Purpose::Proof`]. It holds the voting key.
    ///
    /// # Errors
    /// [`OwnersProofError`].
    pub async fn proof_for_owner(
        &self,
        answered: Answered<'_>,
        client: ClientAddress,
    ) -> Result<Vec<u8>, OwnersProofError> {
        let known = self.signed_for(answered, Purpose::Proof, client).await?;
        let vsp = self.vsp().ok_or(OwnershipError::NotServed)?;
        Ok(vsp.proof_file(&known.registration.ticket).await?)
    }
}
