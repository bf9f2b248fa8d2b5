using InferMesh.Simulator.Configuration;

namespace InferMesh.Simulator.Workload.Sessions;

/// <summary>
/// The users of a workload with sessions, and their conversations. What is said depends on the user and the number of the conversation only,
/// never on when answers came: every strategy meets the same conversations.
/// </summary>
internal sealed class ConversationBook
{
    private readonly SessionsConfig _sessions;
    private readonly RequestLaws _laws;
    private readonly ulong _seed;
    private readonly int[] _groupTenants;
    private readonly ulong[]?[] _groupBlocks;
    private readonly Member?[] _members;

    public ConversationBook(SimConfig config, RequestLaws laws, ulong seed)
    {
        (_sessions, _laws, _seed) = (config.Workload.Sessions!, laws, seed);
        _members = new Member?[config.Workload.Arrival.Type == ArrivalType.ClosedLoop ? config.Workload.Arrival.Users : _sessions.Groups * _sessions.UsersPerGroup];
        _groupTenants = new int[_sessions.Groups];
        _groupBlocks = new ulong[_sessions.Groups][];
        var groups = WorkloadStreams.Open(seed, WorkloadStreams.Groups);
        for (var i = 0; i < _groupTenants.Length; i++) _groupTenants[i] = laws.Tenants.Pick(groups);
    }

    public int Users => _members.Length;

    public int TenantOf(int user) => _groupTenants[user % _sessions.Groups];

    /// <summary>Cell at which a user's requests enter.</summary>
    public int CellOf(int user) => Of(user).Cell;

    /// <summary>The next conversation of a user.</summary>
    public Conversation Start(int user)
    {
        var member = Of(user);
        var number = member.Conversations++;
        var text = BlockNames.Mix(((ulong)(uint)user << 32) | (uint)number);
        var random = WorkloadStreams.Open(_seed, WorkloadStreams.PerUser ^ text);
        var shaper = new RequestShaper(_laws, random);
        var (prompt, blocks) = member.First.Length > 0 ? Recurring(member, user, number % member.First.Length) : FirstPrompt(user, shaper.NextPrompt(), text);
        return new(random, shaper, text, blocks, prompt, random.NextTurns(_sessions.MeanTurns), _laws.MostTokens) { User = user };
    }

    private (int, ulong[]) Recurring(Member member, int user, int question)
    {
        if (member.First[question] is { } known) return (member.FirstTokens[question], known);
        var text = BlockNames.Mix(~(((ulong)(uint)user << 32) | (uint)question));
        var (prompt, blocks) = FirstPrompt(user, new RequestShaper(_laws, WorkloadStreams.Open(_seed, WorkloadStreams.PerUser ^ text)).NextPrompt(), text);
        (member.FirstTokens[question], member.First[question]) = (prompt, blocks);
        return (prompt, blocks);
    }

    private (int, ulong[]) FirstPrompt(int user, int question, ulong text)
    {
        var prompt = Math.Min(_sessions.SystemTokens + question, _laws.MostTokens);
        var blocks = new ulong[prompt / BlockNames.Tokens];
        var shared = SystemBlocks(user % _sessions.Groups);
        shared.CopyTo(blocks, 0);
        for (var i = shared.Length; i < blocks.Length; i++) blocks[i] = BlockNames.Next(i == 0 ? 0 : blocks[i - 1], text);
        return (prompt, blocks);
    }

    private ulong[] SystemBlocks(int group)
    {
        if (_groupBlocks[group] is { } known) return known;
        var blocks = new ulong[_sessions.SystemTokens / BlockNames.Tokens];
        for (var i = 0; i < blocks.Length; i++) blocks[i] = BlockNames.Next(i == 0 ? ~(ulong)(uint)group : blocks[i - 1], (ulong)i);
        return _groupBlocks[group] = blocks;
    }

    private Member Of(int user) => _members[user] ??= new(_laws.Cells == 1 ? 0 : WorkloadStreams.Open(_seed, WorkloadStreams.PerUser + (ulong)user).NextIndex(_laws.Cells), _sessions.QuestionsPerUser);

    private sealed class Member(int cell, int questions)
    {
        public int Cell => cell;

        public int Conversations { get; set; }

        /// <summary>Blocks of first prompts that recur.</summary>
        public ulong[]?[] First { get; } = new ulong[questions][];

        public int[] FirstTokens { get; } = new int[questions];
    }
}
