//! What somebody reads whose request is denied.

use crate::admission::answer::{Answer, JudgedImage, Ruling};
use crate::admission::judgement::shown;
use crate::admission::reason::Reason;
use crate::admission::workload::IMAGES_PER_REVIEW;
use crate::policy::Effect;

/// The longest message, in bytes.
pub const MESSAGE_LIMIT: usize = 1024;

/// The longest field, image, sentence and remedy in a message.
const FIELD_LIMIT: usize = 120;
const IMAGE_LIMIT: usize = 200;
const SENTENCE_LIMIT: usize = 240;
const REMEDY_LIMIT: usize = 240;

/// Room that is kept for what stands at the end.
const END_LIMIT: usize = 100;

/// The message of an answer: each image that is denied with its field, the reason and what would be accepted, as far as
/// there is room, then the name of the decision.
pub(super) fn of(answer: &Answer) -> String {
    let end = format!("decision {}", answer.decision_id());
    let wanted = if answer.ruling == Ruling::Undecided { Effect::Undecided } else { Effect::Deny };
    let images: Vec<_> = answer.images.iter().filter(|image| image.judgement.effect == wanted).collect();
    if images.is_empty() {
        let (code, sentence) = (answer.reason.as_str(), of_request(&answer.reason));
        return format!("{code}: {}\n{end}", shown(&sentence, SENTENCE_LIMIT));
    }
    let mut text = String::new();
    let mut told = 0_usize;
    for image in &images {
        let line = of_image(image);
        let length = text.len().saturating_add(line.len()).saturating_add(END_LIMIT);
        if told > 0 && length > MESSAGE_LIMIT {
            break;
        }
        text.push_str(&line);
        text.push('\n');
        told = told.saturating_add(1);
    }
    let more = images.len().saturating_sub(told);
    let more = if more > 0 { format!("and {more} images more; ") } else { String::new() };
    format!("{text}{more}{end}")
}

/// Why one image is denied.
fn of_image(image: &JudgedImage) -> String {
    let judgement = &image.judgement;
    let mut line = format!(
        "{} `{}`: {}: {}",
        shown(image.field(), FIELD_LIMIT),
        shown(image.image(), IMAGE_LIMIT),
        judgement.reason.as_str(),
        shown(&judgement.sentence, SENTENCE_LIMIT)
    );
    if !judgement.remedies.is_empty() {
        line.push_str("; accepted: ");
        line.push_str(&shown(&judgement.remedies.join(", or "), REMEDY_LIMIT));
    }
    line
}

/// Why a request is denied as a whole.
fn of_request(reason: &Reason) -> String {
    match reason {
        Reason::DuplicateName(name) => format!("two entries have the same name: {name}"),
        Reason::Malformed(problem) => format!("the object is not what its kind says: {problem}"),
        Reason::NoImages => "no image is where the images of this resource are".to_owned(),
        Reason::OutOfTime => "there was no time left to judge every image".to_owned(),
        Reason::TooManyImages(count) => format!("{count} images are more than are judged: {IMAGES_PER_REVIEW}"),
        Reason::UnknownKind(resource) => format!(
            "it is not known where `{resource}` has images; declare it with --carrier, or leave it out of the webhook's rules"
        ),
        Reason::CarriesNone
        | Reason::Code(_)
        | Reason::ImageNotKnown
        | Reason::InvalidReference
        | Reason::MirrorPod
        | Reason::NotPinned
        | Reason::NothingStarts
        | Reason::TagNotResolved
        | Reason::Unchanged => reason.as_str().to_owned(),
    }
}
