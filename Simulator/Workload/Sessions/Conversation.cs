using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Workload.Sessions;

/// <summary>One conversation: every turn's prompt is the system prompt, all that was said, and the next question.</summary>
internal sealed class Conversation(RandomStream random, RequestShaper shaper, ulong text, ulong[] firstBlocks, int firstPrompt, int turns, int mostTokens)
{
    private ulong[] _blocks = firstBlocks;
    private int _named = firstBlocks.Length;
    private int _turn;

    /// <summary>Prompt tokens of the current turn.</summary>
    public int Prompt { get; private set; } = firstPrompt;

    /// <summary>Output tokens of the current turn.</summary>
    public int Output { get; private set; } = shaper.NextOutput();

    public int SloClass => shaper.NextSloClass();

    public required int User { get; init; }

    /// <summary>Names of the current prompt's full blocks. Earlier turns' stay as they were: a conversation is only added to.</summary>
    public ReadOnlyMemory<ulong> Blocks()
    {
        var count = Prompt / BlockNames.Tokens;
        if (count > _blocks.Length) Array.Resize(ref _blocks, Math.Max(count, _blocks.Length * 2));
        for (; _named < count; _named++) _blocks[_named] = BlockNames.Next(_named == 0 ? 0 : _blocks[_named - 1], text);
        return _blocks.AsMemory(0, count);
    }

    /// <summary>Goes on to the next turn; false when the last one was answered or the prompt would be too long.</summary>
    public bool Advance()
    {
        if (++_turn >= turns) return false;
        var longer = (long)Prompt + Output + shaper.NextPrompt();
        if (longer > mostTokens) return false;
        (Prompt, Output) = ((int)longer, shaper.NextOutput());
        return true;
    }

    public double NextThinkSeconds(double mean) => mean == 0 ? 0 : random.NextExponential(mean);
}
