//! Data channels (RFC 8831) and their establishment protocol (RFC 8832) over SCTP, sans-IO.
