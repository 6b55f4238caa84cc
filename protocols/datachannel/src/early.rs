//! What comes for a stream's next channel before the last one is gone.
//!
//! 1. A <- reset <- Z, A -> reset -> Z: for Z all is done, and the stream is free.
//! 2. A /lost/ <- done <- Z: for A it is not.
//! 3. A <- OPEN <- Z, and messages behind it. They wait until A has heard that all is done.

use icelab_sctp::Received;

use crate::discard::Discard;
use crate::inbox::Budget;

/// What has come for a stream's next channel, in order.
#[derive(Debug, Default)]
pub(crate) struct Early {
    items: Vec<EarlyItem>,
    /// As how much it counts.
    charged: usize,
}

/// One thing that has come.
#[derive(Debug)]
pub(crate) enum EarlyItem {
    Message(Received),
    /// More messages than may wait: the stream is refused.
    TooMuch,
    /// The peer has reset its direction once more.
    Reset,
}

impl Early {
    /// Keeps a message.
    ///
    /// # Errors
    /// Where there is no room: what came before is lost too.
    pub(crate) fn keep(&mut self, received: Received, budget: &mut Budget) -> Result<(), Discard> {
        if let Some(EarlyItem::TooMuch) = self.items.last() {
            return Err(Discard::NoRoom);
        }
        let charge = budget.charge(&received.payload).inspect_err(|_| {
            budget.release(core::mem::take(&mut self.charged));
            self.items = vec![EarlyItem::TooMuch];
        })?;
        self.charged += charge;
        self.items.push(EarlyItem::Message(received));
        Ok(())
    }

    /// Notes that the peer has reset its direction, where it has sent anything since the last time.
    pub(crate) fn note_reset(&mut self) {
        if let Some(EarlyItem::Message(_) | EarlyItem::TooMuch) = self.items.last() {
            self.items.push(EarlyItem::Reset);
        }
    }

    /// Gives all that has come.
    pub(crate) fn into_items(self, budget: &mut Budget) -> Vec<EarlyItem> {
        budget.release(self.charged);
        self.items
    }
}
