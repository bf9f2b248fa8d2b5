using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.Workload.Arrivals;

namespace InferMesh.Simulator.Workload.Sessions;

/// <summary>
/// Conversations: begun by open arrivals of users chosen at random, or, without <paramref name="times"/>, by each user in turn as soon as the
/// last one ended. Later turns follow the answers after a time to think.
/// </summary>
internal sealed class SessionFlow(ConversationBook book, IArrivalTimes? times, RandomStream users, double thinkSeconds, double endSeconds) : IRequestFlow
{
    private readonly long _endNs = WorkloadSource.Nanoseconds(endSeconds);
    private readonly Dictionary<int, Conversation> _open = [];
    private readonly Queue<(double At, int User)> _first = times is null ? ClosedLoopFlow.FirstQuestions(book.Users, users, thinkSeconds) : new();
    private int _nextId, _nextSession;

    public bool TryNext(out SimRequest request)
    {
        request = default;
        var (at, user) = times is not null ? (times.NextSeconds(), users.NextIndex(book.Users)) : _first.TryDequeue(out var first) ? first : (double.PositiveInfinity, 0);
        if (!(at < endSeconds)) return false;
        request = Begin(user, WorkloadSource.Nanoseconds(at));
        return true;
    }

    public void Completed(in SimRequest request, long atNs, Action<SimRequest> schedule)
    {
        if (!_open.TryGetValue(request.Session, out var conversation)) return;
        var next = atNs + WorkloadSource.Nanoseconds(conversation.NextThinkSeconds(thinkSeconds));
        var goesOn = conversation.Advance();
        if (!goesOn) _open.Remove(request.Session);
        if (next >= _endNs) return;
        if (goesOn) schedule(Turn(conversation, request.Session, next));
        else if (times is null) schedule(Begin(conversation.User, next));
    }

    private SimRequest Begin(int user, long atNs)
    {
        var conversation = book.Start(user);
        var session = _nextSession++;
        _open[session] = conversation;
        return Turn(conversation, session, atNs);
    }

    private SimRequest Turn(Conversation conversation, int session, long atNs) => new(
        _nextId++, atNs, RequestType.Llm, conversation.Prompt, conversation.Output, book.TenantOf(conversation.User), conversation.SloClass,
        book.CellOf(conversation.User), session, conversation.Blocks());
}
