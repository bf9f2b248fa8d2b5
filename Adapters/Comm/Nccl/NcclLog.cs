using System.Globalization;
using System.Text.RegularExpressions;

namespace InferMesh.Adapters.Comm.Nccl;

/// <summary>A connection that NCCL made.</summary>
/// <param name="Channel">Channel, 0 or more.</param>
/// <param name="From">Rank that sends.</param>
/// <param name="To">Rank that receives.</param>
/// <param name="Transport">How, such as <c>P2P/CUMEM</c>, <c>SHM/direct</c> or <c>NET/IB/0/GDRDMA</c>.</param>
public sealed record NcclLink(int Channel, int From, int To, string Transport)
{
    /// <summary>The connection leaves the node.</summary>
    public bool IsNetwork => Transport.StartsWith("NET/", StringComparison.Ordinal) || Transport.StartsWith("COLLNET", StringComparison.Ordinal);

    /// <summary>The network card reads and writes the GPU's memory itself.</summary>
    public bool IsGpuDirect => IsNetwork && Transport.Contains("GDRDMA", StringComparison.Ordinal);
}

/// <summary>A rank's place in the tree of a channel.</summary>
/// <param name="Channel">Channel, 0 or more.</param>
/// <param name="Rank">The rank.</param>
/// <param name="Parent">Its parent; null at the root.</param>
/// <param name="Children">Its children, at most three.</param>
public sealed record NcclTreeNode(int Channel, int Rank, int? Parent, IReadOnlyList<int> Children);

/// <summary>Something that NCCL warned of.</summary>
/// <param name="Host">Host.</param>
/// <param name="Device">CUDA device; null when it was not said.</param>
/// <param name="Text">The warning, at most 512 characters.</param>
public sealed record NcclWarning(string Host, int? Device, string Text);

/// <summary>
/// What a log of <c>NCCL_DEBUG=INFO</c> tells of rings, trees, channels and transports. Lines may come from many ranks and in any order, cut, or with a prefix of the launcher; what is not
/// understood is passed over. Nothing throws, and no list grows beyond 65,536.
/// </summary>
public sealed partial class NcclLog
{
    private const int MaxItems = 65_536;
    private const int MaxLineCharacters = 4096;
    private const int MaxWarningCharacters = 512;

    private readonly HashSet<NcclLink> _links = [];
    private readonly SortedDictionary<int, IReadOnlyList<int>> _rings = [];
    private readonly Dictionary<(int Channel, int Rank), NcclTreeNode> _trees = [];
    private readonly List<NcclWarning> _warnings = [];
    private readonly SortedSet<string> _versions = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _networks = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _hosts = new(StringComparer.Ordinal);
    private readonly HashSet<int> _ready = [];

    /// <summary>Versions of NCCL, such as <c>2.26.2+cuda12.2</c>: more than one is a fault by itself.</summary>
    public IReadOnlyCollection<string> Versions => _versions;

    /// <summary>Networks in use, such as <c>IB</c>, <c>Socket</c> or <c>AWS Libfabric</c>.</summary>
    public IReadOnlyCollection<string> Networks => _networks;

    /// <summary>Hosts that wrote.</summary>
    public IReadOnlyCollection<string> Hosts => _hosts;

    /// <summary>Connections.</summary>
    public IReadOnlyCollection<NcclLink> Links => _links;

    /// <summary>Ranks in the order of the ring of each channel.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<int>> Rings => _rings;

    /// <summary>Places in trees.</summary>
    public IReadOnlyCollection<NcclTreeNode> Trees => _trees.Values;

    /// <summary>Warnings, in their order.</summary>
    public IReadOnlyList<NcclWarning> Warnings => _warnings;

    /// <summary>Ranks of the largest communicator; null when none was named.</summary>
    public int? Ranks { get; private set; }

    /// <summary>Ranks whose communicator was ready.</summary>
    public int ReadyRanks => _ready.Count;

    /// <summary>Channels for collectives; null when they were not named.</summary>
    public int? CollectiveChannels { get; private set; }

    /// <summary>Whether NVLink SHARP can be used; null when it was not said.</summary>
    public bool? Nvls { get; private set; }

    /// <summary>Reads a log, whole or cut off.</summary>
    /// <param name="text">The log.</param>
    public static NcclLog Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var log = new NcclLog();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.Length <= MaxLineCharacters && line.IndexOf("NCCL ", StringComparison.Ordinal) >= 0 && Line().Match(line.ToString()) is { Success: true } match)
                log.Take(match);
        }
        return log;
    }

    private void Take(Match line)
    {
        var host = line.Groups["host"].Value;
        if (_hosts.Count < MaxItems)
            _hosts.Add(host);
        var text = line.Groups["text"].Value.Trim();
        if (line.Groups["level"].Value == "WARN")
        {
            if (_warnings.Count < MaxItems)
                _warnings.Add(new NcclWarning(host, Int(line.Groups["device"]), text.Length > MaxWarningCharacters ? text[..MaxWarningCharacters] : text));
            return;
        }
        TakeInfo(text);
    }

    private void TakeInfo(string text)
    {
        if (Version().Match(text) is { Success: true } version && _versions.Count < MaxItems)
            _versions.Add(version.Groups[1].Value);
        else if (Link().Match(text) is { Success: true } link)
            TakeLink(link);
        else if (Ring().Match(text) is { Success: true } ring)
            TakeRing(ring);
        else if (text.StartsWith("Trees ", StringComparison.Ordinal))
            TakeTrees(text);
        else if (Communicator().Match(text) is { Success: true } communicator)
            TakeCommunicator(communicator);
        else if (Channels().Match(text) is { Success: true } channels)
            CollectiveChannels = Int(channels.Groups[1]) ?? CollectiveChannels;
        else if (text.StartsWith("NVLS multicast support is ", StringComparison.Ordinal))
            Nvls = !text.Contains(" not available", StringComparison.Ordinal);
        else if (Network().Match(text) is { Success: true } network && _networks.Count < MaxItems)
            _networks.Add(network.Groups[1].Value.Trim());
    }

    private void TakeLink(Match link)
    {
        if (Int(link.Groups["channel"]) is { } channel && Int(link.Groups["from"]) is { } from && Int(link.Groups["to"]) is { } to && _links.Count < MaxItems)
            _links.Add(new NcclLink(channel, from, to, link.Groups["transport"].Value));
    }

    private void TakeRing(Match ring)
    {
        if (Int(ring.Groups["channel"]) is not { } channel || _rings.Count >= MaxItems)
            return;
        var ranks = ring.Groups["ranks"].Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var order = ranks.Select(static r => int.TryParse(r, NumberStyles.None, CultureInfo.InvariantCulture, out var rank) ? rank : -1).ToArray();
        // A line that was cut in the middle of a number names a rank twice, or one that cannot be.
        if (!order.Contains(-1) && order.Distinct().Count() == order.Length)
            _rings[channel] = order;
    }

    private void TakeTrees(string text)
    {
        foreach (Match tree in Tree().Matches(text))
        {
            if (Int(tree.Groups["channel"]) is not { } channel || Int(tree.Groups["rank"]) is not { } rank || _trees.Count >= MaxItems)
                continue;
            int[] children = [.. tree.Groups["child"].Captures.Select(static c => int.Parse(c.ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)).Where(static c => c >= 0)];
            _trees[(channel, rank)] = new NcclTreeNode(channel, rank, Int(tree.Groups["parent"]), children);
        }
    }

    private void TakeCommunicator(Match communicator)
    {
        if (Int(communicator.Groups["ranks"]) is { } ranks && (Ranks is null || ranks > Ranks))
            Ranks = ranks;
        if (communicator.Groups["end"].Success && Int(communicator.Groups["rank"]) is { } rank && _ready.Count < MaxItems)
            _ready.Add(rank);
    }

    /// <summary>Null for what is no number, and for -1, which stands for none.</summary>
    private static int? Int(Group group) => int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"(?<host>[^\s:]+):\d+:\d+ \[(?<device>-?\d+)\] (\S+ )?NCCL (?<level>INFO|WARN) (?<text>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Line();

    [GeneratedRegex(@"^NCCL version (\S+)")]
    private static partial Regex Version();

    [GeneratedRegex(@"^Channel (?<channel>\d{1,6})(/\d+)? ?: (?<from>\d{1,9})\[[0-9a-fA-F]+\] -> (?<to>\d{1,9})\[[0-9a-fA-F]+\] (\[(send|receive)\] )?via (?<transport>\S+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex(@"^Channel (?<channel>\d{1,6})/\d+ ?:(?<ranks>( +\d{1,9})+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Ring();

    [GeneratedRegex(@"\[(?<channel>\d{1,6})\] (?<child>-?\d{1,9})/(?<child>-?\d{1,9})/(?<child>-?\d{1,9})->(?<rank>\d{1,9})->(?<parent>-?\d{1,9})", RegexOptions.ExplicitCapture)]
    private static partial Regex Tree();

    [GeneratedRegex(@"comm 0x[0-9a-fA-F]+ rank (?<rank>\d{1,9}) nranks (?<ranks>\d{1,9}) .*?(?<end>Init COMPLETE)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Communicator();

    [GeneratedRegex(@"^(\d{1,6}) coll channels")]
    private static partial Regex Channels();

    [GeneratedRegex(@"^Using network (.+)$")]
    private static partial Regex Network();
}
