// hybrid_mesh as a plugin: the same terms in the same order as Strategies/Routing/HybridMesh.cs, so the same ranking. Parameters as in its catalogue entry.
import * as im from "./infermesh";
import { Column } from "./infermesh";

const SMALL_SET: u32 = 128, SHORTLIST: u32 = 32;
const MAX_TERM: f64 = 1e9, MAX_AGE: f64 = 30;
const list: usize = memory.data(16 * 32, 8);

let busy: usize, batchSize: usize, age: usize, backlog: usize, prefillPerToken: usize, share: usize, solo: usize, slope: usize, cold: usize, dollars: usize, rtt: usize, rate: usize;
let byteDollars: usize, firstToken: usize, decodeFactor: usize, spread: usize, failures: usize;
let networkWeight: f64, coldStartWeight: f64, secondsPerDollar: f64, throughputWeight: f64, uncertainty: f64, tailWeight: f64, failureSeconds: f64;

// The terms of the target looked at last.
let queueSeconds: f64, prefillSeconds: f64, decodeSeconds: f64, networkSeconds: f64, coldSeconds: f64, moneySeconds: f64, uncertaintySeconds: f64, balanceSeconds: f64;

@inline function at(column: usize, i: u32): f64 { return load<f64>(column + 8 * i); }
@inline function least(a: f64, b: f64): f64 { return a < b ? a : b; }
@inline function most(a: f64, b: f64): f64 { return a > b ? a : b; }
@inline function bounded(s: f64): f64 { return s >= 0 && s <= MAX_TERM ? s : s < 0 ? 0 : MAX_TERM; }
@inline function total(): f64 { return queueSeconds + prefillSeconds + decodeSeconds + networkSeconds + coldSeconds + moneySeconds + uncertaintySeconds + balanceSeconds; }
@inline function output(r: usize): f64 { return im.outputTokens(r) > 0 ? <f64>im.outputTokens(r) : 128; }

function lost(i: u32, prefill: f64, decodeSlope: f64): f64 {
  const slack = most(0, at(solo, i) - at(busy, i) * at(prefillPerToken, i));
  const holdUp = most(0, at(backlog, i) + prefill - slack) - most(0, at(backlog, i) - slack);
  return throughputWeight * (at(busy, i) * (decodeSlope + holdUp));
}

function plain(r: usize, i: u32): f64 {
  const out = output(r), payload = <f64>im.payloadBytes(r);
  const prefill = <f64>im.promptTokens(r) * at(prefillPerToken, i);
  const n = least(at(busy, i) + 1, at(batchSize, i));
  const decode = out * most(at(solo, i) + at(slope, i) * (n - 1), n * at(share, i));
  const waiting = at(busy, i) + 1 - at(batchSize, i);
  const queue = (waiting > 0 ? waiting * (prefill + decode) / at(batchSize, i) : 0) + at(backlog, i);
  queueSeconds = bounded(queue);
  prefillSeconds = bounded(prefill);
  decodeSeconds = bounded(decode);
  networkSeconds = bounded(networkWeight * (at(rtt, i) + payload / at(rate, i)));
  coldSeconds = bounded(at(cold, i) < Infinity ? coldStartWeight * at(cold, i) : MAX_TERM);
  moneySeconds = bounded(secondsPerDollar > 0 ? secondsPerDollar * (at(dollars, i) * (prefill + out * at(share, i)) + payload * at(byteDollars, i)) : 0);
  uncertaintySeconds = bounded(uncertainty * least(at(age, i), MAX_AGE) * (queue + prefill + decode));
  balanceSeconds = bounded(throughputWeight > 0 ? lost(i, prefill, at(slope, i) * out) : 0);
  return total();
}

function corrected(r: usize, i: u32): f64 {
  plain(r, i);
  const queue = queueSeconds * at(firstToken, i), prefill = prefillSeconds * at(firstToken, i);
  const balance = lost(i, prefill, at(slope, i) * output(r) * at(decodeFactor, i));
  const risk = tailWeight * at(spread, i) * (queue + prefill) + failureSeconds * at(failures, i);
  queueSeconds = bounded(queue);
  prefillSeconds = bounded(prefill);
  decodeSeconds = bounded(decodeSeconds * at(decodeFactor, i));
  uncertaintySeconds = bounded(uncertaintySeconds + risk);
  balanceSeconds = bounded(balance);
  return total();
}

function rank(batch: usize, r: usize): void {
  const verdicts = im.verdicts(r), n = im.targets(batch);
  if (n > SMALL_SET) {
    // Two stages, as the built-in has them: the best by plain cost, then those with what was learned.
    im.top(list, SHORTLIST, im.seed(r), batch);
    for (let i: u32 = 0; i < n; i++) if (load<u8>(verdicts + i) == 0) im.offer(i, plain(r, i));
    const found = im.count();
    im.top(im.picks(r), im.wanted(r), im.seed(r), batch);
    for (let i: u32 = 0; i < found; i++) {
      const target = im.pickTarget(list + 16 * i);
      im.offer(target, corrected(r, target));
    }
  } else {
    im.top(im.picks(r), im.wanted(r), im.seed(r), batch);
    for (let i: u32 = 0; i < n; i++) if (load<u8>(verdicts + i) == 0) im.offer(i, corrected(r, i));
  }
  im.setCount(r, im.count());
}

export function im_abi_version(): i32 { return im.ABI_VERSION; }
export function im_reserve(bytes: u32): u32 { return im.reserveAtHeap(bytes); }

export function im_columns(): u64 {
  let bits: u64 = 1 << Column.Load | 1 << Column.BatchSize | 1 << Column.Place;
  for (let c: i32 = Column.AgeSeconds; c <= Column.FailureShare; c++) if (c != Column.LinkClass) bits |= <u64>1 << c;
  return bits;
}

export function im_rank(batch: usize): i32 {
  busy = im.column(batch, Column.Load);
  batchSize = im.column(batch, Column.BatchSize);
  age = im.column(batch, Column.AgeSeconds);
  backlog = im.column(batch, Column.PrefillBacklogSeconds);
  prefillPerToken = im.column(batch, Column.PrefillSecondsPerToken);
  share = im.column(batch, Column.ShareSecondsPerToken);
  solo = im.column(batch, Column.SoloSecondsPerToken);
  slope = im.column(batch, Column.SlopeSecondsPerToken);
  cold = im.column(batch, Column.ColdStartSeconds);
  dollars = im.column(batch, Column.DollarsPerSecond);
  rtt = im.column(batch, Column.RttSeconds);
  rate = im.column(batch, Column.BytesPerSecond);
  byteDollars = im.column(batch, Column.DollarsPerByte);
  firstToken = im.column(batch, Column.FirstTokenFactor);
  decodeFactor = im.column(batch, Column.DecodeFactor);
  spread = im.column(batch, Column.Spread);
  failures = im.column(batch, Column.FailureShare);
  networkWeight = im.parameter(batch, 0);
  coldStartWeight = im.parameter(batch, 1);
  secondsPerDollar = im.parameter(batch, 2);
  throughputWeight = im.parameter(batch, 3);
  uncertainty = im.parameter(batch, 4);
  tailWeight = im.parameter(batch, 8);
  failureSeconds = im.parameter(batch, 9);
  for (let i: u32 = 0; i < im.requests(batch); i++) rank(batch, im.request(batch, i));
  return 0;
}
