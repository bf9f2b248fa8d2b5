//! The binary interface of InferMesh's WASM plugins, version 1, for Rust without std. docs/plugins.md describes it.
//! All records are little-endian; addresses are offsets into the module's own memory; 0 is no address.
#![allow(dead_code)]

pub const ABI_VERSION: u32 = 1;
pub const WANTS_PREFIX: u64 = 1 << 62;

/// Columns: one number of 8 bytes for each target. Numbers never change, new ones are added at the end.
#[repr(u32)]
#[derive(Clone, Copy)]
pub enum Column {
    Key, Running, Waiting, KvCacheUsage, Load, LocalRequests, BatchSize, MaxBatchSize, AgeSeconds, PrefillBacklogSeconds, PrefillSecondsPerToken,
    ShareSecondsPerToken, SoloSecondsPerToken, SlopeSecondsPerToken, ColdStartSeconds, DollarsPerSecond, RttSeconds, BytesPerSecond, DollarsPerByte,
    LinkClass, FirstTokenFactor, DecodeFactor, Spread, FailureShare, Place,
}

#[repr(C)]
pub struct Batch {
    version: u32, size: u32, targets: u32, column_count: u32, columns: u32, parameter_count: u32, parameters: u32, request_count: u32,
    request_size: u32, requests: u32,
    /// UTC, 100 ns since 0001-01-01.
    pub now_ticks: i64,
}

#[repr(C)]
pub struct Request {
    pub sequence: u64, pub seed: u64, pub payload_bytes: i64,
    /// Hashes of names, 0 for none.
    pub model: u64, pub tenant: u64, pub slo_class: u64, pub session: u64,
    pub prompt_tokens: u32, pub output_tokens: u32,
    verdicts: u32, prefix_count: u32, prefix: u32, wanted: u32, picks: u32,
    /// Picks written: the answer.
    pub count: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Pick { pub target: u32, pub reserved: u32, pub score: f64 }

const _: () = assert!(core::mem::size_of::<Batch>() == 48 && core::mem::size_of::<Request>() == 88 && core::mem::size_of::<Pick>() == 16);

#[link(wasm_import_module = "infermesh")]
extern "C" {
    #[link_name = "log"]
    fn host_log(level: i32, text: *const u8, length: u32);
    #[link_name = "random"]
    fn host_random() -> u64;
}

/// Writes a line to the silo's log; it keeps ten a second.
pub fn log(level: i32, text: &str) { unsafe { host_log(level, text.as_ptr(), text.len() as u32) } }

/// The next number of a stream that the seed of the decision begins.
pub fn random() -> u64 { unsafe { host_random() } }

impl Batch {
    /// The batch that the host wrote.
    ///
    /// # Safety
    /// The address is the one that the host passed.
    pub unsafe fn at(address: u32) -> &'static Batch { &*(address as *const Batch) }

    pub fn targets(&self) -> usize { self.targets as usize }

    /// A column; asked for in `im_columns`.
    pub fn column(&self, column: Column) -> &'static [f64] {
        unsafe { core::slice::from_raw_parts(*(self.columns as *const u32).add(column as usize) as *const f64, self.targets()) }
    }

    pub fn parameters(&self) -> &'static [f64] { unsafe { core::slice::from_raw_parts(self.parameters as *const f64, self.parameter_count as usize) } }

    pub fn requests(&self) -> impl Iterator<Item = &'static mut Request> {
        let (first, step) = (self.requests, self.request_size);
        (0..self.request_count).map(move |i| unsafe { &mut *((first + i * step) as *mut Request) })
    }
}

impl Request {
    /// 0 may be picked, all else says why not.
    pub fn verdicts(&self, targets: usize) -> &'static [u8] { unsafe { core::slice::from_raw_parts(self.verdicts as *const u8, targets) } }

    pub fn prefix(&self) -> &'static [u64] {
        if self.prefix_count == 0 { &[] } else { unsafe { core::slice::from_raw_parts(self.prefix as *const u64, self.prefix_count as usize) } }
    }

    /// Room for the picks wanted, best first.
    pub fn picks(&self) -> &'static mut [Pick] { unsafe { core::slice::from_raw_parts_mut(self.picks as *mut Pick, self.wanted as usize) } }
}

extern "C" {
    static __heap_base: u8;
}

/// The buffer that the host writes to, at the end of memory; grows, never shrinks.
pub fn reserve_at_heap(bytes: u32) -> u32 {
    let at = (unsafe { &__heap_base as *const u8 as u32 } + 15) & !15;
    let end = match at.checked_add(bytes) { Some(end) => end, None => return 0 };
    let (pages, needed) = (core::arch::wasm32::memory_size(0) as u32, end / 65536 + 1);
    if needed > pages && core::arch::wasm32::memory_grow(0, (needed - pages) as usize) == usize::MAX { 0 } else { at }
}

/// The k best of a search, as the built-in strategies keep them: scores that differ by less than a ten-billionth are equal, and of equal ones the first
/// behind a start that the seed draws wins.
pub struct Top<'a> { best: &'a mut [Pick], place: &'a [f64], pub count: usize, start: u32 }

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
    z ^ (z >> 31)
}

fn comparable(score: f64) -> f64 { f64::from_bits(score.to_bits() & !((1 << 18) - 1)) }

impl<'a> Top<'a> {
    pub fn new(best: &'a mut [Pick], place: &'a [f64], seed: u64) -> Top<'a> {
        let start = if place.is_empty() { 0 } else { (mix(seed.wrapping_add(0x9E3779B97F4A7C15)) % place.len() as u64) as u32 };
        Top { best, place, count: 0, start }
    }

    pub fn offer(&mut self, target: usize, score: f64) {
        let score = if score.is_nan() { f64::INFINITY } else { score };
        if self.count == self.best.len() && !self.better(score, target, self.best[self.count - 1]) { return; }
        let mut i = if self.count < self.best.len() { self.count += 1; self.count - 1 } else { self.count - 1 };
        while i > 0 && self.better(score, target, self.best[i - 1]) {
            self.best[i] = self.best[i - 1];
            i -= 1;
        }
        self.best[i] = Pick { target: target as u32, reserved: 0, score };
    }

    fn behind(&self, target: usize) -> u32 {
        let place = self.place[target] as u32;
        if place >= self.start { place - self.start } else { place + self.place.len() as u32 - self.start }
    }

    fn better(&self, score: f64, target: usize, other: Pick) -> bool {
        let (a, b) = (comparable(score), comparable(other.score));
        a < b || (a == b && self.behind(target) < self.behind(other.target as usize))
    }
}
