//! By which server a mail leaves.

use std::sync::Arc;

use mainstay_domain::id::{MailboxId, OutgoingMailId};
use mainstay_domain::mailbox::Mailbox;
use mainstay_store::{mail, mailbox};

use super::health::sending;
use super::open::SEALED;
use crate::context::App;
use crate::error::Result;
use crate::mail::MailTransport;

/// By which server a mail leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Out<'a> {
    /// By the one of the settings.
    Settings,
    /// By that of a mailbox.
    Mailbox(&'a Mailbox),
    /// By none for now: its mailbox is paused, or there is no server yet.
    Waits,
}

/// The mailbox in whose name we write where nothing says in whose: the oldest that sends, one in use before one that is paused.
pub(crate) fn primary(mailboxes: &[Mailbox]) -> Option<&Mailbox> {
    let sends = |mailbox: &&Mailbox| mailbox.outgoing.is_some();
    mailboxes
        .iter()
        .filter(sends)
        .find(|mailbox| mailbox.active)
        .or_else(|| mailboxes.iter().find(sends))
}

/// By which server a mail leaves that is written in the name of a mailbox, or of none.
pub(crate) fn choose(mailboxes: &[Mailbox], has_settings: bool, of: Option<MailboxId>) -> Out<'_> {
    let named = mailboxes
        .iter()
        .find(|mailbox| Some(mailbox.id) == of && mailbox.outgoing.is_some());
    let chosen = match named {
        None if has_settings => return Out::Settings,
        None => primary(mailboxes),
        named => named,
    };
    match chosen {
        Some(mailbox) if mailbox.active => Out::Mailbox(mailbox),
        _ => Out::Waits,
    }
}

/// What takes a mail, and by which name it is kept how that went.
pub(crate) struct WayOut {
    pub transport: Arc<dyn MailTransport>,
    pub health: String,
}

impl App {
    /// By which server a mail leaves; nothing where it waits. The inner error says why its server cannot be used.
    pub(crate) async fn way_out(
        &self,
        of: Option<MailboxId>,
    ) -> Result<std::result::Result<Option<WayOut>, String>> {
        let options = &self.options().mail;
        let settings = options.transport.clone();
        if of.is_none()
            && let Some(transport) = &settings
        {
            return Ok(Ok(Some(WayOut {
                transport: Arc::clone(transport),
                health: sending(None),
            })));
        }
        let mailboxes = mailbox::all(&self.read()).await?;
        let (chosen, health) = match choose(&mailboxes, settings.is_some(), of) {
            Out::Waits => return Ok(Ok(None)),
            Out::Settings => (Ok(settings), sending(None)),
            Out::Mailbox(mailbox) => {
                let Some(servers) = &options.servers else {
                    return Ok(Ok(None));
                };
                let opened = self.open_mailbox(mailbox.clone());
                let opened = opened.map_err(|_| SEALED.to_owned());
                let chosen =
                    opened.and_then(|opened| servers.transport(&opened).map_err(|why| why.reason));
                (chosen, sending(Some(mailbox.id)))
            }
        };
        Ok(chosen.map(|transport| transport.map(|transport| WayOut { transport, health })))
    }

    /// The mails that wait and leave by a mailbox, oldest first.
    pub(super) async fn mails_by(&self, id: MailboxId) -> Result<Vec<OutgoingMailId>> {
        self.waiting_mails(|out| matches!(out, Out::Mailbox(mailbox) if mailbox.id == id))
            .await
    }

    /// The mails that wait although there is a server for them, oldest first.
    pub(crate) async fn sendable_mails(&self) -> Result<Vec<OutgoingMailId>> {
        self.waiting_mails(|out| *out != Out::Waits).await
    }

    /// The mails that wait and leave by what is asked for, oldest first.
    async fn waiting_mails(
        &self,
        leaves: impl Fn(&Out<'_>) -> bool,
    ) -> Result<Vec<OutgoingMailId>> {
        let reader = self.read();
        let has_settings = self.options().mail.transport.is_some();
        let mailboxes = mailbox::all(&reader).await?;
        if !has_settings && mailboxes.is_empty() {
            return Ok(Vec::new());
        }
        let waiting = mail::waiting(&reader).await?.into_iter();
        let leaving = waiting.filter(|(_, of)| leaves(&choose(&mailboxes, has_settings, *of)));
        Ok(leaving.map(|(id, _)| id).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use mainstay_domain::mailbox::{MailSecurity, MailServer};
    use uuid::Uuid;

    use super::*;

    fn mailbox(number: u128, sends: bool, active: bool) -> Mailbox {
        Mailbox {
            id: MailboxId::from(Uuid::from_u128(number)),
            address: format!("{number}@desk.example"),
            team: None,
            incoming: None,
            outgoing: sends.then(|| MailServer {
                host: "smtp.desk.example".to_owned(),
                port: 587,
                security: MailSecurity::Starttls,
                sign_in: None,
            }),
            signed_replies: false,
            authserv_id: None,
            active,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_mail_leaves_by_its_mailbox_or_waits_for_it() {
        let [reads, paused, sends] = [
            mailbox(1, false, true),
            mailbox(2, true, false),
            mailbox(3, true, true),
        ];
        let all = [reads.clone(), paused.clone(), sends.clone()];
        let by = |of: Option<&Mailbox>, has_settings| {
            choose(&all, has_settings, of.map(|mailbox| mailbox.id))
        };
        assert_eq!(by(Some(&sends), true), Out::Mailbox(&sends));
        assert_eq!(by(Some(&paused), true), Out::Waits);
        assert_eq!(by(Some(&reads), true), Out::Settings);
        assert_eq!(by(Some(&reads), false), Out::Mailbox(&sends));
        assert_eq!(by(None, true), Out::Settings);
        assert_eq!(by(None, false), Out::Mailbox(&sends));
        let removed = MailboxId::from(Uuid::from_u128(9));
        assert_eq!(choose(&all, false, Some(removed)), Out::Mailbox(&sends));
        assert_eq!(choose(&all[..2], false, None), Out::Waits);
        assert_eq!(primary(&all[..2]), Some(&paused));
    }
}
