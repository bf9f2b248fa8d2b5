using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using InferMesh.Strategies.Routing;

namespace InferMesh.Strategies.Scoring;

// The formula of Price, taken at the least of each part, for 16 runs of targets at once.
public sealed partial record CostModel
{
    private const double SecondsPerTick = 1e-7;
    private const double HalfAgeSeconds = MaxAgeSeconds / 2;

    // Sums in another order round otherwise; a bound must not lie above by a few roundings.
    private const double Rounding = 1 - 1e-14;

    /// <summary>At most the total of <see cref="Price(in RankingInput, int)"/> for any eligible target of each run; infinite where there is none.</summary>
    internal void LowerBounds(in RankingInput input, in BoundGroup runs, Span<double> bounds)
    {
        var c = new Constants(this, input, runs.Tree);
        Half(c, runs, 0).CopyTo(bounds);
        Half(c, runs, 1).CopyTo(bounds[Vector512<double>.Count..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Half(in Constants c, in BoundGroup runs, int half)
    {
        var most = Vector512.Create(MaxTermSeconds);
        var newest = runs.Half(BoundColumn.Newest, half).AsInt64();
        var now = Vector512.Create(c.NowTicks);
        var age = Vector512.ConvertToDouble(Vector512.Max(now - newest, Vector512<long>.Zero)) * Vector512.Create(SecondsPerTick);
        var uncertainty = Vector512.Create(c.UncertaintyPerSecond);
        var older = uncertainty * Vector512.MinNative(age, Vector512.Create(MaxAgeSeconds));

        var (prompt, output) = (Vector512.Create(c.Prompt), Vector512.Create(c.Output));
        var plain = prompt * runs.Half(BoundColumn.Prefill, half) + output * runs.Half(BoundColumn.Step, half);
        var full = c.Exact ? prompt * runs.Half(BoundColumn.FullPrefill, half) + output * runs.Half(BoundColumn.FullStep, half) : plain;
        // Nothing is worse than what it costs the request itself.
        var slack = c.Exact ? runs.Half(BoundColumn.Slack, half) : Vector512<double>.Zero;
        full = Vector512.MaxNative(plain, full + slack);
        var work = full + plain * older;
        if (c.Exact)
        {
            // Each target's load with its own age, up to the newest reading; from there on all grow older alike.
            var aged = prompt * runs.Half(BoundColumn.AgedPrefill, half) + output * runs.Half(BoundColumn.AgedStep, half);
            work = Vector512.MaxNative(work, aged + slack + plain * (uncertainty * Vector512.MinNative(age, Vector512.Create(HalfAgeSeconds))));
        }
        // A reading from the future is not old, and tells nothing of the past.
        var future = Vector512.GreaterThan(newest, now).AsDouble();
        work = Vector512.ConditionalSelect(future, full, work);
        var busyStep = runs.Half(BoundColumn.BusyStep, half);
        if (Vector512.LessThanAny(busyStep, Vector512.Create(BoundTree.Huge)))
        {
            var backlog = Vector512.ConvertToDouble(Vector512.Max(runs.Half(BoundColumn.BusyUntil, half).AsInt64() - now, Vector512<long>.Zero)) * Vector512.Create(SecondsPerTick);
            var prefill = prompt * runs.Half(BoundColumn.BusyPrefill, half);
            var decode = output * busyStep;
            var fullStep = c.Exact ? runs.Half(BoundColumn.BusyFullStep, half) : busyStep;
            var fullPrefill = c.Exact ? prompt * runs.Half(BoundColumn.BusyFullPrefill, half) : prefill;
            var fullDecode = output * fullStep;
            if (c.Exact)
            {
                // Prompts before it take the room of a step.
                var room = Vector512.ConvertToDouble(Vector512.Max(now - runs.Half(BoundColumn.BusyRoom, half).AsInt64(), Vector512<long>.Zero)) * Vector512.Create(SecondsPerTick);
                slack = Vector512.MaxNative(slack, runs.Half(BoundColumn.BusyOthers, half) * room);
            }
            var fullWork = Vector512.MaxNative(prefill + decode, fullPrefill + fullDecode + slack);
            var busy = fullWork + backlog + (prefill + decode + backlog) * older;
            if (c.Exact)
            {
                // Each target's load with its own backlog.
                var done = runs.Half(c.ShorterDone, half) + Vector512.Create(c.BeyondShorter) * (runs.Half(c.LongerDone, half) - runs.Half(c.ShorterDone, half));
                done += Vector512.Create(c.TokensBeyond) * fullStep;
                busy = Vector512.MaxNative(
                    busy, done - Vector512.Create(c.NowSeconds) + fullPrefill + slack + prefill * older + decode * (uncertainty * Vector512.MinNative(age, Vector512.Create(HalfAgeSeconds))));
            }
            work = Vector512.MinNative(work, Vector512.ConditionalSelect(future, fullWork, busy));
        }

        var rtt = runs.Half(BoundColumn.Rtt, half);
        rtt = Vector512.ConditionalSelect(Vector512.LessThan(rtt, Vector512<double>.Zero), Vector512.Create(c.UnmeasuredRtt), rtt);
        var network = Vector512.Create(c.NetworkWeight) * (rtt + Vector512.Create(c.Transfer));
        var start = runs.Half(BoundColumn.ColdStart, half);
        var cold = Vector512.ConditionalSelect(
            Vector512.LessThan(start, Vector512.Create(double.PositiveInfinity)), Vector512.MaxNative(Vector512<double>.Zero, Vector512.Create(c.ColdStartWeight) * start), most);
        var total = Vector512.MinNative(work, most) + Vector512.MinNative(network, most) + Vector512.MinNative(cold, most);
        if (c.SecondsPerDollar > 0)
        {
            var dollars = prompt * runs.Half(BoundColumn.PromptDollars, half) + output * runs.Half(BoundColumn.OutputDollars, half);
            total += Vector512.MinNative(Vector512.Create(c.SecondsPerDollar) * dollars, most);
        }
        total *= Vector512.Create(Rounding);
        total = Vector512.ConditionalSelect(Vector512.Equals(total, total), total, Vector512.Create(double.NegativeInfinity));
        return BoundGroup.OrNone(runs, half, total);
    }

    private readonly struct Constants
    {
        public readonly double Prompt, Output, UnmeasuredRtt, Transfer, NetworkWeight, ColdStartWeight, SecondsPerDollar, UncertaintyPerSecond;
        /// <summary>Now and a few ticks, since the tree's epoch: more than the roundings of sums of seconds.</summary>
        public readonly double NowSeconds;

        /// <summary>Where the output lies between the lengths that bounds were worked out for: the share of the way, and the tokens beyond the longest.</summary>
        public readonly double BeyondShorter, TokensBeyond;
        public readonly BoundColumn ShorterDone, LongerDone;
        public readonly long NowTicks;
        public readonly bool Exact;

        public Constants(CostModel model, in RankingInput input, BoundTree tree)
        {
            var request = input.Request;
            (Exact, NowTicks) = (tree.IsOf(model), input.NowTicks);
            NowSeconds = (input.NowTicks - tree.EpochTicks) * SecondsPerTick + 4 * SecondsPerTick;
            // A prompt that cannot be has no bound.
            Prompt = request.PromptTokens >= 0 ? request.PromptTokens : double.NaN;
            Output = ExpectedOutput(request);
            ShorterDone = BoundColumn.Done64;
            while (ShorterDone < BoundColumn.Done1024 && BoundTree.Tokens(ShorterDone + 1) <= Output) ShorterDone++;
            LongerDone = ShorterDone < BoundColumn.Done1024 ? ShorterDone + 1 : ShorterDone;
            var shorter = BoundTree.Tokens(ShorterDone);
            if (Output < shorter) TokensBeyond = double.NegativeInfinity;
            else if (LongerDone == ShorterDone) TokensBeyond = Output - shorter;
            else BeyondShorter = (Output - shorter) / shorter;
            (NetworkWeight, ColdStartWeight) = (model.NetworkWeight, model.ColdStartWeight);
            (SecondsPerDollar, UncertaintyPerSecond) = (model.SecondsPerDollar, model.UncertaintyPerSecond);
            var index = input.Index!;
            if (request.PayloadBytes == 0 && !index.Links.HasUnmeasured) return;
            double rtt = index.Links.LeastRttSeconds, bandwidth = 0;
            for (int link = 0, links = index.Links.From(request.Origin); link < model._linkRttSeconds.Length; link++)
            {
                if ((links & (1 << link)) == 0) continue;
                rtt = Math.Min(rtt, model._linkRttSeconds[link]);
                bandwidth = Math.Max(bandwidth, model._linkBytesPerSecond[link]);
            }
            UnmeasuredRtt = rtt;
            Transfer = Math.Max(0, request.PayloadBytes) / bandwidth;
        }
    }
}
