//! hybrid_mesh as a plugin: the same terms in the same order as Strategies/Routing/HybridMesh.cs, so the same ranking. Parameters as in its catalogue entry.
#![no_std]
#![crate_type = "cdylib"]

mod infermesh;
use infermesh::{Batch, Column, Pick, Request, Top};

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { core::arch::wasm32::unreachable() }

const SMALL_SET: usize = 128;
const SHORTLIST: usize = 32;
const MAX_TERM: f64 = 1e9;
const MAX_AGE: f64 = 30.0;
const COLUMNS: [Column; 18] = [
    Column::Load, Column::BatchSize, Column::AgeSeconds, Column::PrefillBacklogSeconds, Column::PrefillSecondsPerToken, Column::ShareSecondsPerToken,
    Column::SoloSecondsPerToken, Column::SlopeSecondsPerToken, Column::ColdStartSeconds, Column::DollarsPerSecond, Column::RttSeconds, Column::BytesPerSecond,
    Column::DollarsPerByte, Column::FirstTokenFactor, Column::DecodeFactor, Column::Spread, Column::FailureShare, Column::Place,
];

struct Weights { network: f64, cold_start: f64, dollar: f64, throughput: f64, uncertainty: f64, tail: f64, failure: f64 }

struct Fleet {
    load: &'static [f64], batch: &'static [f64], age: &'static [f64], backlog: &'static [f64], prefill: &'static [f64], share: &'static [f64], solo: &'static [f64],
    slope: &'static [f64], cold: &'static [f64], dollars: &'static [f64], rtt: &'static [f64], rate: &'static [f64], byte_dollars: &'static [f64],
    first_token: &'static [f64], decode: &'static [f64], spread: &'static [f64], failures: &'static [f64], place: &'static [f64],
}

struct Terms { queue: f64, prefill: f64, decode: f64, network: f64, cold: f64, money: f64, uncertainty: f64, balance: f64 }

impl Terms {
    fn total(&self) -> f64 { self.queue + self.prefill + self.decode + self.network + self.cold + self.money + self.uncertainty + self.balance }
}

fn min(a: f64, b: f64) -> f64 { if a < b { a } else { b } }
fn max(a: f64, b: f64) -> f64 { if a > b { a } else { b } }
fn bounded(s: f64) -> f64 { if (0.0..=MAX_TERM).contains(&s) { s } else if s < 0.0 { 0.0 } else { MAX_TERM } }
fn output(r: &Request) -> f64 { if r.output_tokens > 0 { r.output_tokens as f64 } else { 128.0 } }

impl Fleet {
    fn of(b: &Batch) -> Fleet {
        Fleet {
            load: b.column(Column::Load), batch: b.column(Column::BatchSize), age: b.column(Column::AgeSeconds), backlog: b.column(Column::PrefillBacklogSeconds),
            prefill: b.column(Column::PrefillSecondsPerToken), share: b.column(Column::ShareSecondsPerToken), solo: b.column(Column::SoloSecondsPerToken),
            slope: b.column(Column::SlopeSecondsPerToken), cold: b.column(Column::ColdStartSeconds), dollars: b.column(Column::DollarsPerSecond),
            rtt: b.column(Column::RttSeconds), rate: b.column(Column::BytesPerSecond), byte_dollars: b.column(Column::DollarsPerByte),
            first_token: b.column(Column::FirstTokenFactor), decode: b.column(Column::DecodeFactor), spread: b.column(Column::Spread),
            failures: b.column(Column::FailureShare), place: b.column(Column::Place),
        }
    }

    fn lost(&self, w: &Weights, i: usize, prefill: f64, decode_slope: f64) -> f64 {
        let slack = max(0.0, self.solo[i] - self.load[i] * self.prefill[i]);
        let hold_up = max(0.0, self.backlog[i] + prefill - slack) - max(0.0, self.backlog[i] - slack);
        w.throughput * (self.load[i] * (decode_slope + hold_up))
    }

    fn plain(&self, w: &Weights, r: &Request, i: usize) -> Terms {
        let (output, payload) = (output(r), r.payload_bytes as f64);
        let prefill = r.prompt_tokens as f64 * self.prefill[i];
        let n = min(self.load[i] + 1.0, self.batch[i]);
        let decode = output * max(self.solo[i] + self.slope[i] * (n - 1.0), n * self.share[i]);
        let waiting = self.load[i] + 1.0 - self.batch[i];
        let queue = (if waiting > 0.0 { waiting * (prefill + decode) / self.batch[i] } else { 0.0 }) + self.backlog[i];
        let money = if w.dollar > 0.0 { w.dollar * (self.dollars[i] * (prefill + output * self.share[i]) + payload * self.byte_dollars[i]) } else { 0.0 };
        Terms {
            queue: bounded(queue),
            prefill: bounded(prefill),
            decode: bounded(decode),
            network: bounded(w.network * (self.rtt[i] + payload / self.rate[i])),
            cold: bounded(if self.cold[i] < f64::INFINITY { w.cold_start * self.cold[i] } else { MAX_TERM }),
            money: bounded(money),
            uncertainty: bounded(w.uncertainty * min(self.age[i], MAX_AGE) * (queue + prefill + decode)),
            balance: bounded(if w.throughput > 0.0 { self.lost(w, i, prefill, self.slope[i] * output) } else { 0.0 }),
        }
    }

    fn corrected(&self, w: &Weights, r: &Request, i: usize) -> f64 {
        let mut t = self.plain(w, r, i);
        let (queue, prefill) = (t.queue * self.first_token[i], t.prefill * self.first_token[i]);
        let balance = self.lost(w, i, prefill, self.slope[i] * output(r) * self.decode[i]);
        let risk = w.tail * self.spread[i] * (queue + prefill) + w.failure * self.failures[i];
        t.queue = bounded(queue);
        t.prefill = bounded(prefill);
        t.decode = bounded(t.decode * self.decode[i]);
        t.uncertainty = bounded(t.uncertainty + risk);
        t.balance = bounded(balance);
        t.total()
    }

    fn rank(&self, w: &Weights, r: &mut Request) {
        let verdicts = r.verdicts(self.load.len());
        let eligible = || (0..verdicts.len()).filter(|&i| verdicts[i] == 0);
        let mut top = Top::new(r.picks(), self.place, r.seed);
        if self.load.len() <= SMALL_SET {
            for i in eligible() { top.offer(i, self.corrected(w, r, i)); }
        } else {
            // Two stages, as the built-in has them: the best by plain cost, then those with what was learned.
            let mut list = [Pick { target: 0, reserved: 0, score: 0.0 }; SHORTLIST];
            let mut plainly = Top::new(&mut list, self.place, r.seed);
            for i in eligible() { plainly.offer(i, self.plain(w, r, i).total()); }
            let found = plainly.count;
            for pick in &list[..found] { top.offer(pick.target as usize, self.corrected(w, r, pick.target as usize)); }
        }
        r.count = top.count as u32;
    }
}

#[no_mangle]
pub extern "C" fn im_abi_version() -> u32 { infermesh::ABI_VERSION }

#[no_mangle]
pub extern "C" fn im_reserve(bytes: u32) -> u32 { infermesh::reserve_at_heap(bytes) }

#[no_mangle]
pub extern "C" fn im_columns() -> u64 { COLUMNS.iter().fold(0, |bits, &c| bits | 1 << c as u32) }

#[no_mangle]
pub extern "C" fn im_rank(batch: u32) -> i32 {
    let b = unsafe { Batch::at(batch) };
    let p = b.parameters();
    let w = Weights { network: p[0], cold_start: p[1], dollar: p[2], throughput: p[3], uncertainty: p[4], tail: p[8], failure: p[9] };
    let fleet = Fleet::of(b);
    for r in b.requests() { fleet.rank(&w, r); }
    0
}
