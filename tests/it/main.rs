//! The integration tests, one binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod conformance_openpgp;
#[cfg(test)]
mod conformance_tables;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod support;
