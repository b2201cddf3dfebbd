//! Reading the little-endian encoding that transactions, votes and headers share.

/// A text or byte string that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text is not hexadecimal.
    #[error("not hexadecimal: {0}")]
    Hex(String),
    /// The bytes end inside a field.
    #[error("the data ends inside {0}")]
    Truncated(&'static str),
    /// Bytes follow the end.
    #[error("{0} bytes follow the end of the data")]
    Trailing(usize),
    /// A field has a value that is not allowed.
    #[error("{0}")]
    Invalid(&'static str),
}

/// A cursor over encoded bytes. No input makes it panic or allocate more than the input's size.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] naming `field`.
    pub fn bytes(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let (head, tail) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated(field))?;
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] naming `field`.
    pub fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        self.bytes(N, field)?.try_into().map_err(|_| DecodeError::Truncated(field))
    }

    pub(super) fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.array(field).map(|[byte]: [u8; 1]| byte)
    }

    pub(super) fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.array(field).map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(super) fn i64(&mut self, field: &'static str) -> Result<i64, DecodeError> {
        self.array(field).map(i64::from_le_bytes)
    }

    /// Bitcoin's variable-length integer.
    pub(super) fn var_int(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        Ok(match self.u8(field)? {
            0xfd => self.u16(field)?.into(),
            0xfe => self.u32(field)?.into(),
            0xff => self.array(field).map(u64::from_le_bytes)?,
            small => small.into(),
        })
    }

    /// A count of items that take at least `least` bytes each, so that no count can ask for more memory than data.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] naming `field`, also for a count that the rest cannot hold.
    pub fn count(&mut self, least: usize, field: &'static str) -> Result<usize, DecodeError> {
        let count = usize::try_from(self.var_int(field)?).map_err(|_| DecodeError::Truncated(field))?;
        if count.saturating_mul(least) > self.rest.len() {
            return Err(DecodeError::Truncated(field));
        }
        Ok(count)
    }

    pub(super) fn var_bytes(&mut self, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.count(1, field)?;
        self.bytes(length, field)
    }

    /// # Errors
    /// [`DecodeError::Trailing`] where bytes are left.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::Trailing(left)),
        }
    }
}

/// Appends a count as Bitcoin's variable-length integer.
pub fn put_var_int(out: &mut Vec<u8>, value: u64) {
    match value {
        0..=0xfc => out.push(value as u8),
        0xfd..=0xffff => {
            out.push(0xfd);
            out.extend_from_slice(&(value as u16).to_le_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(0xfe);
            out.extend_from_slice(&(value as u32).to_le_bytes());
        }
        _ => {
            out.push(0xff);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
}

pub(super) fn put_var_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_var_int(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
