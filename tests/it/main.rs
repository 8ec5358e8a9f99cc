//! The integration tests, one binary.

#[cfg(test)]
mod admission;
#[cfg(test)]
mod admission_answers;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod cases;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod cli_output;
#[cfg(test)]
mod cli_policy;
#[cfg(test)]
mod cli_policy_schema;
#[cfg(test)]
mod cli_policy_suites;
#[cfg(test)]
mod cli_policy_text;
#[cfg(test)]
mod cli_review;
#[cfg(test)]
mod cli_text;
#[cfg(test)]
mod conformance_objects;
#[cfg(test)]
mod conformance_openpgp;
#[cfg(test)]
mod conformance_policy;
#[cfg(test)]
mod conformance_tables;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod deploy_webhook;
#[cfg(test)]
mod differential;
#[cfg(test)]
mod faults;
#[cfg(test)]
#[path = "../../fuzz/src/targets/mod.rs"]
#[expect(unreachable_pub, reason = "it is a part of another package as well, whose users are beyond it")]
mod fuzz_targets;
#[cfg(test)]
mod fuzzing;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod html_page;
#[cfg(test)]
mod html_report;
#[cfg(test)]
mod html_report_browser;
#[cfg(test)]
mod images;
#[cfg(test)]
mod inventory;
#[cfg(test)]
mod key_times;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod openpgp_foreign;
#[cfg(test)]
mod openpgp_shared_key;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod policy;
#[cfg(test)]
mod policy_attacks;
#[cfg(test)]
mod policy_convert;
#[cfg(test)]
mod policy_convert_attacks;
#[cfg(test)]
mod policy_convert_signature;
#[cfg(test)]
mod policy_decisions;
#[cfg(test)]
mod policy_fields;
#[cfg(test)]
mod policy_image_documents;
#[cfg(test)]
mod policy_image_fields;
#[cfg(test)]
mod policy_images;
#[cfg(test)]
mod policy_laws;
#[cfg(test)]
mod policy_lints;
#[cfg(test)]
mod policy_peer;
#[cfg(test)]
mod policy_remedies;
#[cfg(test)]
mod policy_schemas;
#[cfg(test)]
mod policy_scopes;
#[cfg(test)]
mod policy_signature;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod records;
#[cfg(test)]
mod report_formats;
#[cfg(test)]
mod report_formats_hostile;
#[cfg(test)]
mod report_formats_schemas;
#[cfg(test)]
mod report_merge;
#[cfg(test)]
mod report_merge_attacks;
#[cfg(test)]
mod report_reading;
#[cfg(test)]
mod report_schema;
#[cfg(test)]
mod sigstore;
#[cfg(test)]
mod sources_layouts;
#[cfg(test)]
mod sources_release;
#[cfg(test)]
mod sources_signatures;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod streams_interrupted;
#[cfg(test)]
mod supply_chain;
#[cfg(test)]
mod support;
#[cfg(test)]
mod write_annotations;
#[cfg(test)]
mod write_images;
#[cfg(test)]
mod write_images_files;
#[cfg(test)]
mod write_images_sources;
#[cfg(test)]
mod write_native;
#[cfg(test)]
mod write_patches;
