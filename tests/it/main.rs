//! The integration tests, one binary.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod cli_output;
#[cfg(test)]
mod cli_text;
#[cfg(test)]
mod conformance_objects;
#[cfg(test)]
mod conformance_openpgp;
#[cfg(test)]
mod conformance_tables;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod images;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod policy_convert;
#[cfg(test)]
mod policy_image_documents;
#[cfg(test)]
mod policy_image_fields;
#[cfg(test)]
mod policy_images;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod report_schema;
#[cfg(test)]
mod support;
#[cfg(test)]
mod write_images;
#[cfg(test)]
mod write_images_files;
