//! icelab's own.

use icelab_srtp::{MasterKey, Receiver, Sender};

use super::{Done, Master, Media};

pub struct Ours {
    sender: Sender,
    receiver: Receiver,
}

impl Ours {
    pub fn new(master: &Master) -> Self {
        let master =
            MasterKey::new(master.profile, &master.key, &master.salt).expect("good lengths");
        let sender = Sender::new(&master).expect("a good key");
        Self { sender, receiver: Receiver::new(&master).expect("a good key") }
    }

    pub fn boxed(master: &Master) -> Option<Box<dyn Media>> {
        Some(Box::new(Self::new(master)))
    }
}

impl Media for Ours {
    fn protect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        self.sender.protect_rtp(packet).expect("an RTP packet");
        Done::InPlace
    }

    fn unprotect(&mut self, packet: &mut Vec<u8>) -> Done<'_> {
        self.receiver.unprotect_rtp(packet).expect("an authentic packet");
        Done::InPlace
    }
}
