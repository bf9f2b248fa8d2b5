// The binary interface of InferMesh's WASM plugins, version 1, for AssemblyScript (--runtime stub). docs/plugins.md describes it.
// All records are little-endian; addresses are offsets into the module's own memory; 0 is no address.

export const ABI_VERSION: i32 = 1;
export const WANTS_PREFIX: u64 = 1 << 62;

/** Columns: one number of 8 bytes for each target. Numbers never change, new ones are added at the end. */
export namespace Column {
  export const Key = 0, Running = 1, Waiting = 2, KvCacheUsage = 3, Load = 4, LocalRequests = 5, BatchSize = 6, MaxBatchSize = 7, AgeSeconds = 8;
  export const PrefillBacklogSeconds = 9, PrefillSecondsPerToken = 10, ShareSecondsPerToken = 11, SoloSecondsPerToken = 12, SlopeSecondsPerToken = 13;
  export const ColdStartSeconds = 14, DollarsPerSecond = 15, RttSeconds = 16, BytesPerSecond = 17, DollarsPerByte = 18, LinkClass = 19;
  export const FirstTokenFactor = 20, DecodeFactor = 21, Spread = 22, FailureShare = 23, Place = 24;
}

@external("infermesh", "log")
declare function hostLog(level: i32, text: usize, length: u32): void;

/** The next number of a stream that the seed of the decision begins. */
@external("infermesh", "random")
export declare function random(): u64;

/** Writes a line to the silo's log; it keeps ten a second. The address is that of UTF-8 text. */
@inline export function log(level: i32, text: usize, length: u32): void { hostLog(level, text, length); }

// What the host passes. Fields are read where they are: an object in the host's buffer would be one that the language does not know of.
@inline export function targets(batch: usize): u32 { return load<u32>(batch, 8); }
@inline export function column(batch: usize, c: u32): usize { return load<u32>(load<u32>(batch, 16) + 4 * c); }
@inline export function parameter(batch: usize, i: u32): f64 { return load<f64>(load<u32>(batch, 24) + 8 * i); }
@inline export function requests(batch: usize): u32 { return load<u32>(batch, 28); }
@inline export function request(batch: usize, i: u32): usize { return load<u32>(batch, 36) + i * load<u32>(batch, 32); }
@inline export function seed(r: usize): u64 { return load<u64>(r, 8); }
@inline export function payloadBytes(r: usize): i64 { return load<i64>(r, 16); }
@inline export function promptTokens(r: usize): u32 { return load<u32>(r, 56); }
@inline export function outputTokens(r: usize): u32 { return load<u32>(r, 60); }
@inline export function verdicts(r: usize): usize { return load<u32>(r, 64); }
@inline export function wanted(r: usize): u32 { return load<u32>(r, 76); }
@inline export function picks(r: usize): usize { return load<u32>(r, 80); }
@inline export function setCount(r: usize, count: u32): void { store<u32>(r, count, 84); }
@inline export function pickTarget(pick: usize): u32 { return load<u32>(pick); }

/** The buffer that the host writes to, at the end of memory; grows, never shrinks. */
export function reserveAtHeap(bytes: u32): u32 {
  const at = (<u32>__heap_base + 15) & ~15;
  const end = at + bytes;
  if (end < at) return 0;
  const pages = <u32>memory.size(), needed = end / 65536 + 1;
  if (needed > pages && memory.grow(<i32>(needed - pages)) < 0) return 0;
  return at;
}

// The k best of a search, as the built-in strategies keep them: scores that differ by less than a ten-billionth are equal, and of equal ones the first
// behind a start that the seed draws wins. One search at a time.
let best: usize, places: usize, room: u32, kept: u32, start: u32, all: u32;

function mix(z: u64): u64 {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

@inline function comparable(score: f64): f64 { return reinterpret<f64>(reinterpret<u64>(score) & ~0x3FFFF); }

@inline function behind(target: u32): u32 {
  const place = <u32>load<f64>(places + 8 * target);
  return place >= start ? place - start : place - start + all;
}

function better(score: f64, target: u32, other: usize): bool {
  const a = comparable(score), b = comparable(load<f64>(other, 8));
  return a < b || (a == b && behind(target) < behind(load<u32>(other)));
}

export function top(at: usize, count: u32, drawn: u64, batch: usize): void {
  best = at;
  room = count;
  kept = 0;
  all = targets(batch);
  places = column(batch, Column.Place);
  start = all > 0 ? <u32>(mix(drawn + 0x9E3779B97F4A7C15) % all) : 0;
}

export function offer(target: u32, score: f64): void {
  if (isNaN(score)) score = Infinity;
  if (kept == room && !better(score, target, best + 16 * (kept - 1))) return;
  let i = kept < room ? kept++ : kept - 1;
  for (; i > 0 && better(score, target, best + 16 * (i - 1)); i--) memory.copy(best + 16 * i, best + 16 * (i - 1), 16);
  store<u64>(best + 16 * i, target);
  store<f64>(best + 16 * i, score, 8);
}

export function count(): u32 { return kept; }
