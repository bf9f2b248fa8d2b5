using System.Globalization;

namespace InferMesh.Cli.Trainer;

/// <summary>One rank of a synthetic training job: steps, sums over all ranks, checkpoints.</summary>
internal sealed class TrainerRun(TrainerOptions options, TextWriter output)
{
    private const string CheckpointLine = "checkpoint";
    private const int Work = 20_000;
    private readonly TrainerCheckpoints _checkpoints = new(options.CheckpointTo, options.Job);
    private readonly Lock _writing = new();
    private int _wanted;

    /// <summary>Follows what the agent says, until there is no more: a line <c>checkpoint</c> asks for one.</summary>
    public async Task ListenAsync(TextReader input)
    {
        while (await input.ReadLineAsync() is { } line)
        {
            if (line.Trim() == CheckpointLine) Interlocked.Exchange(ref _wanted, 1);
        }
    }

    /// <summary>Runs to the last step.</summary>
    /// <param name="stop">Ends it after the step that it is in.</param>
    /// <returns>Exit code.</returns>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        try
        {
            var (group, begin) = await RankGroup.JoinAsync(options, Begin(), stop);
            using (group) return await RunAsync(group, begin, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Say($"asked to end before the first step");
            return TrainerExit.Terminated;
        }
        catch (TrainerEndException end)
        {
            // Ranks are asked to end one after another: one that is gone may have been asked first.
            var code = end.Code == TrainerExit.LostPeer && stop.IsCancellationRequested ? TrainerExit.Terminated : end.Code;
            Say($"ends with {code}: {end.Message}");
            return code;
        }
    }

    private async Task<int> RunAsync(RankGroup group, TrainerCheckpoint begin, CancellationToken stop)
    {
        var vector = begin.Vector.ToArray();
        Say($"begins after step {begin.Step} of {options.Steps}, fence {options.Fence}");
        for (var step = begin.Step + 1; step <= options.Steps; step++)
        {
            var started = TimeProvider.System.GetTimestamp();
            Compute();
            if (options.StepLength - TimeProvider.System.GetElapsedTime(started) is var rest && rest > TimeSpan.Zero) await Task.Delay(rest, CancellationToken.None);
            // A step that is begun is ended: the others wait for this rank.
            var sum = await group.SumAsync(TrainerSum.Part(step, options.Rank), CancellationToken.None);
            if (!sum.AsSpan().SequenceEqual(TrainerSum.Whole(step, options.WorldSize)))
                throw new TrainerEndException(TrainerExit.WrongSum, $"the sum of step {step} is wrong: {string.Join(' ', sum.Select(static value => value.ToString(CultureInfo.InvariantCulture)))}");
            for (var i = 0; i < vector.Length; i++) vector[i] += sum[i];
            Tell($$"""{"step":{{step}},"stepSeconds":{{TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.######}},"synthetic":true}""");
            if (options.Rank == 0 && (Interlocked.Exchange(ref _wanted, 0) == 1 || (options.CheckpointEvery > 0 && step % options.CheckpointEvery == 0))) Save(step, vector);
            if (stop.IsCancellationRequested)
            {
                Say($"asked to end, ends after step {step}");
                return TrainerExit.Terminated;
            }
        }

        Say($"done after step {options.Steps}");
        return 0;
    }

    /// <summary>What to go on from: rank 0 says it to the others, which may not see the file.</summary>
    private TrainerCheckpoint Begin()
    {
        var anew = new TrainerCheckpoint(0, options.Fence, options.WorldSize, new double[TrainerSum.Length]);
        if (options.Rank != 0 || options.ResumeFrom.Length == 0)
            return anew;
        var (found, why) = TrainerCheckpoints.Read(options.ResumeFrom);
        if (found is null)
        {
            Say($"begins anew, there is no checkpoint to go on from: {why}");
            return anew;
        }

        if (found.Step != options.ResumeStep) Say($"the checkpoint holds step {found.Step}, not {options.ResumeStep}: goes on from what it holds");
        return found;
    }

    private void Save(long step, double[] vector)
    {
        var file = _checkpoints.Write(new(step, options.Fence, options.WorldSize, vector));
        Tell($$"""{"checkpoint":{{step}},"ref":"{{System.Text.Json.JsonEncodedText.Encode(file)}}","synthetic":true}""");
    }

    private static double Compute()
    {
        var value = 0.0;
        for (var i = 1; i <= Work; i++) value += 1.0 / i;
        return value;
    }

    private void Tell(FormattableString json) => Write("INFERMESH " + json.ToString(CultureInfo.InvariantCulture));

    private void Say(FormattableString text) => Write(string.Create(CultureInfo.InvariantCulture, $"synthetic trainer, rank {options.Rank} of {options.WorldSize}: ") + text.ToString(CultureInfo.InvariantCulture));

    private void Write(string line)
    {
        lock (_writing)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
