//! A value for each address family.

use icelab_stun::attribute::Family;

/// A value for each family, or for one of them, or for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PerFamily<T> {
    v4: Option<T>,
    v6: Option<T>,
}

impl<T> PerFamily<T> {
    pub(crate) const fn get(&self, family: Family) -> Option<&T> {
        match family {
            Family::V4 => self.v4.as_ref(),
            Family::V6 => self.v6.as_ref(),
        }
    }

    pub(crate) const fn slot(&mut self, family: Family) -> &mut Option<T> {
        match family {
            Family::V4 => &mut self.v4,
            Family::V6 => &mut self.v6,
        }
    }

    /// What is there, IPv4 first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Family, &T)> {
        let v4 = self.v4.as_ref().map(|value| (Family::V4, value));
        let v6 = self.v6.as_ref().map(|value| (Family::V6, value));
        v4.into_iter().chain(v6)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.v4.is_none() && self.v6.is_none()
    }
}

impl<T> Default for PerFamily<T> {
    fn default() -> Self {
        Self { v4: None, v6: None }
    }
}
