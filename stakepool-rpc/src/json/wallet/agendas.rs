//! Agendas, which a wallet asks its node for.

use async_trait::async_trait;
use serde::Deserialize;
use stakepool_core::chain::VoteVersion;
use stakepool_core::ports::{Agenda, AgendaChoice, AgendaSource, WalletError};

use super::client::Wallet;
use crate::json::error::{RpcError, says_there_are_no_agendas};

const METHOD: &str = "getvoteinfo";

#[async_trait]
impl AgendaSource for Wallet {
    async fn agendas(&self, version: VoteVersion) -> Result<Vec<Agenda>, WalletError> {
        match self.client.call::<VoteInfo>(METHOD, (version.0,)).await {
            Ok(info) => Ok(info.into()),
            Err(error) if says_there_are_none(&error) => Ok(Vec::new()),
            Err(error) => Err(self.named(error)),
        }
    }
}

/// Whether a refusal says that the version has no agendas.
pub(in crate::json) fn says_there_are_none(error: &RpcError) -> bool {
    matches!(error, RpcError::Rpc { code, message, .. } if says_there_are_no_agendas(*code, message))
}

/// `getvoteinfo`. Fields that the pool does not use are left out; without agendas a node leaves the list out.
#[derive(Debug, Deserialize)]
pub(in crate::json) struct VoteInfo {
    #[serde(default)]
    agendas: Option<Vec<AgendaAnswer>>,
}

#[derive(Debug, Deserialize)]
struct AgendaAnswer {
    id: String,
    #[serde(default)]
    description: String,
    mask: u16,
    #[serde(default)]
    status: String,
    #[serde(default)]
    choices: Option<Vec<ChoiceAnswer>>,
}

#[derive(Debug, Deserialize)]
struct ChoiceAnswer {
    id: String,
    #[serde(default)]
    description: String,
    bits: u16,
}

impl From<VoteInfo> for Vec<Agenda> {
    fn from(info: VoteInfo) -> Self {
        let choice = |ChoiceAnswer { id, description, bits }: ChoiceAnswer| AgendaChoice { id, description, bits };
        let agenda = |answer: AgendaAnswer| Agenda {
            id: answer.id,
            description: answer.description,
            status: answer.status,
            mask: answer.mask,
            choices: answer.choices.unwrap_or_default().into_iter().map(choice).collect(),
        };
        info.agendas.unwrap_or_default().into_iter().map(agenda).collect()
    }
}
