//! The pictures that a message names and does not bring.
//!
//! They are fetched only when somebody asks for them, for the sender then learns that the message is read; and they are
//! fetched by us, so that the sender learns nothing of who reads. A reader is given signed addresses that name a message
//! and a place in it: nobody can have us fetch what stands in no message of theirs, and no message can name a picture of
//! another, for who writes it cannot sign.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use hashlink::LinkedHashMap;
use jiff::{SignedDuration, Timestamp};
pub use mainstay_channels::image::ImageFault;
use mainstay_channels::image::ImageFetcher;
use mainstay_channels::mail::html::withheld_images;
use mainstay_domain::id::MessageId;
use mainstay_domain::message::Message;
use mainstay_domain::role::Permission;
use mainstay_store::image_sender::{self, ImageSender};
use mainstay_store::message;

use crate::attachment::{SHOWN_INLINE, media_type};
use crate::caller::Caller;
use crate::context::App;
use crate::error::{AppError, Result};
use crate::field::is_address;
use crate::transaction::transact;

/// How long the addresses of pictures serve.
const SERVE_FOR: SignedDuration = SignedDuration::from_hours(1);

/// So many bytes of pictures are kept in memory, so that the next reader does not have them fetched again.
const MOST_KEPT: usize = 32 << 20;

/// So many senders one agent may trust: far more than anybody reads.
const MOST_SENDERS: usize = 1_000;

/// Fetches pictures from elsewhere.
#[async_trait]
pub trait ImageTransport: fmt::Debug + Send + Sync + 'static {
    /// The bytes at an address, within half a minute.
    ///
    /// # Errors
    /// When it may not be fetched from, nobody answers, or there is too much.
    async fn fetch(&self, address: &str) -> std::result::Result<Vec<u8>, ImageFault>;
}

#[async_trait]
impl ImageTransport for ImageFetcher {
    async fn fetch(&self, address: &str) -> std::result::Result<Vec<u8>, ImageFault> {
        Self::fetch(self, address).await
    }
}

/// A picture that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteImage {
    /// What it is, by its content: one of [`SHOWN_INLINE`].
    pub content_type: &'static str,
    /// The picture.
    pub bytes: Bytes,
}

/// The pictures of a message, by which they may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteImages {
    /// Until when the signatures serve.
    pub expires_at: Timestamp,
    /// A signature for each picture, in the order in which they stand.
    pub signatures: Vec<String>,
}

/// The pictures that were fetched last.
#[derive(Debug, Default)]
pub(crate) struct KeptImages(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    images: LinkedHashMap<(MessageId, u32), RemoteImage>,
    bytes: usize,
}

impl KeptImages {
    fn get(&self, key: (MessageId, u32)) -> Option<RemoteImage> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.images.to_back(&key).cloned()
    }

    /// Keeps a picture, and gives up those that were asked for the longest ago when there are too many.
    fn put(&self, key: (MessageId, u32), image: &RemoteImage) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.bytes += image.bytes.len();
        if let Some(before) = kept.images.insert(key, image.clone()) {
            kept.bytes -= before.bytes.len();
        }
        while kept.bytes > MOST_KEPT
            && let Some((_, oldest)) = kept.images.pop_front()
        {
            kept.bytes -= oldest.bytes.len();
        }
    }
}

impl App {
    /// The pictures of a message that lie elsewhere, for a reader who wants to see them.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when there is no such message, or none that the caller may read.
    pub async fn remote_images(&self, caller: &Caller, id: MessageId) -> Result<RemoteImages> {
        let message = self.readable_message(caller, id).await?;
        let expires_at = self
            .now()
            .saturating_add(SERVE_FOR)
            .unwrap_or(Timestamp::MAX);
        let identity = self.mail_identity().await?;
        let signatures = (0..)
            .zip(images_of(&message))
            .map(|(position, _)| identity.sign_image(&claim(id, position, expires_at)))
            .collect();
        Ok(RemoteImages {
            expires_at,
            signatures,
        })
    }

    /// A picture of a message that lies elsewhere, by its place among them.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the signature is none of ours or has ended; [`AppError::NotFound`] when there is no such
    /// message or picture, or none that the caller may see; [`AppError::Refused`] when it may not be fetched or is no
    /// picture to show; [`AppError::Unavailable`] when nobody answers.
    pub async fn remote_image(
        &self,
        caller: &Caller,
        id: MessageId,
        position: u32,
        expires_at: Timestamp,
        signature: &str,
    ) -> Result<RemoteImage> {
        let message = self.readable_message(caller, id).await?;
        let identity = self.mail_identity().await?;
        let is_ours = identity.is_our_image(&claim(id, position, expires_at), signature);
        if !is_ours || expires_at <= self.now() {
            return Err(AppError::Forbidden(
                "This address of a picture is not ours or has ended: ask for the message's pictures again."
                    .to_owned(),
            ));
        }
        if let Some(kept) = self.kept_images().get((id, position)) {
            return Ok(kept);
        }
        let address = images_of(&message)
            .into_iter()
            .nth(position as usize)
            .ok_or_else(|| AppError::no_such("picture", position))?;
        let image = self.fetch_image(&address).await?;
        self.kept_images().put((id, position), &image);
        Ok(image)
    }

    async fn fetch_image(&self, address: &str) -> Result<RemoteImage> {
        let transport = self.options().images.clone().ok_or_else(|| {
            AppError::Refused("Pictures from elsewhere are not fetched here.".to_owned())
        })?;
        let bytes = transport
            .fetch(address)
            .await
            .map_err(|fault| match fault {
                ImageFault::Refused(reason) => {
                    AppError::Refused(format!("The picture is not fetched: {reason}."))
                }
                ImageFault::Unanswered(reason) => AppError::Unavailable {
                    what: format!("The picture could not be fetched: {reason}."),
                    source: None,
                },
            })?;
        let is = media_type(&bytes, "");
        let content_type = SHOWN_INLINE.into_iter().find(|shown| *shown == is);
        Ok(RemoteImage {
            content_type: content_type.ok_or_else(|| {
                AppError::Refused(format!(
                    "What is there is {is}: only PNG, JPEG, GIF and WebP pictures are shown."
                ))
            })?,
            bytes: bytes.into(),
        })
    }

    async fn readable_message(&self, caller: &Caller, id: MessageId) -> Result<Message> {
        message::find(&self.read(), caller.scope()?, id)
            .await?
            .ok_or_else(|| AppError::no_such("message", id))
    }

    /// The senders whose pictures the caller always wants to see.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who is no agent.
    pub async fn image_senders(&self, caller: &Caller) -> Result<Vec<ImageSender>> {
        caller.require(Permission::ReadTickets)?;
        Ok(image_sender::of_agent(&self.read(), caller.agent()?).await?)
    }

    /// From now on the caller always wants to see the pictures of a sender.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who is no agent, [`AppError::Invalid`] when it is no address,
    /// [`AppError::Refused`] when there are too many.
    pub async fn trust_image_sender(&self, caller: &Caller, address: &str) -> Result<()> {
        caller.require(Permission::ReadTickets)?;
        let agent = caller.agent()?;
        if !is_address(address) {
            let detail = "this is not an e-mail address: expected one like ana@example.com";
            return Err(AppError::invalid("id", detail));
        }
        let sender = ImageSender {
            agent,
            address: address.to_lowercase(),
            created_at: self.now(),
        };
        transact!(self, tx => async {
            if image_sender::of_agent(tx, agent).await?.len() >= MOST_SENDERS {
                return Err(AppError::Refused(format!(
                    "There are {MOST_SENDERS} senders already whose pictures you always see: remove one first."
                )));
            }
            Ok(image_sender::put(tx, &sender).await?)
        })
    }

    /// The caller wants to be asked again about the pictures of a sender.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] for somebody who is no agent, [`AppError::NotFound`] when they would be asked anyway.
    pub async fn distrust_image_sender(&self, caller: &Caller, address: &str) -> Result<()> {
        caller.require(Permission::ReadTickets)?;
        let agent = caller.agent()?;
        let address = address.to_lowercase();
        transact!(self, tx => async {
            match image_sender::remove(tx, agent, &address).await? {
                true => Ok(()),
                false => Err(AppError::no_such("sender", &address)),
            }
        })
    }
}

/// The addresses of the pictures of a message that lie elsewhere.
fn images_of(message: &Message) -> Vec<String> {
    message
        .html
        .as_deref()
        .map(withheld_images)
        .unwrap_or_default()
}

/// What is signed of a picture.
fn claim(message: MessageId, position: u32, expires_at: Timestamp) -> String {
    format!("{message}/{position}/{}", expires_at.as_microsecond())
}

/// Holds pictures by their addresses, for tests, and notes what was asked for.
#[derive(Debug, Default)]
pub struct RecordingImages {
    images: Vec<(String, std::result::Result<Vec<u8>, ImageFault>)>,
    asked: Mutex<Vec<String>>,
}

impl RecordingImages {
    /// Holds these.
    #[must_use]
    pub fn holding(
        images: impl IntoIterator<Item = (&'static str, std::result::Result<Vec<u8>, ImageFault>)>,
    ) -> Arc<Self> {
        Arc::new(Self {
            images: images
                .into_iter()
                .map(|(address, image)| (address.to_owned(), image))
                .collect(),
            asked: Mutex::default(),
        })
    }

    /// The addresses that were asked for, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl ImageTransport for RecordingImages {
    async fn fetch(&self, address: &str) -> std::result::Result<Vec<u8>, ImageFault> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(address.to_owned());
        let held = self.images.iter().find(|(held, _)| held == address);
        held.map_or_else(
            || Err(ImageFault::Unanswered("the server answers 404".to_owned())),
            |(_, image)| image.clone(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mainstay_domain::id::uuid_at;

    #[test]
    fn the_oldest_pictures_make_room() {
        let kept = KeptImages::default();
        let id = MessageId::from(uuid_at(Timestamp::UNIX_EPOCH, [7; 10]));
        let image = RemoteImage {
            content_type: "image/png",
            bytes: vec![0; MOST_KEPT / 2].into(),
        };
        kept.put((id, 0), &image);
        kept.put((id, 1), &image);
        assert!(kept.get((id, 0)).is_some());
        kept.put((id, 2), &image);
        assert!(kept.get((id, 1)).is_none(), "asked for the longest ago");
        assert!(kept.get((id, 0)).is_some() && kept.get((id, 2)).is_some());
    }
}
