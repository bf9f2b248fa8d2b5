using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Engine;
using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Workload.Sessions;

/// <summary>A fixed number of users who wait for the answer, think, and ask again. Each has a stream of its own, so that what it asks does not depend on when.</summary>
internal sealed class ClosedLoopFlow : IRequestFlow
{
    private readonly Dictionary<int, int> _asking = [];
    private readonly (RandomStream Random, RequestShaper Shaper)[] _users;
    private readonly Queue<(double At, int User)> _first;
    private readonly double _thinkSeconds, _endSeconds;
    private int _nextId;

    public ClosedLoopFlow(SimConfig config, RequestLaws laws, double endSeconds)
    {
        (_thinkSeconds, _endSeconds) = (config.Workload.Arrival.ThinkTimeS, endSeconds);
        _users = new (RandomStream, RequestShaper)[config.Workload.Arrival.Users];
        for (var i = 0; i < _users.Length; i++)
        {
            var own = WorkloadStreams.Open(config.Seed, WorkloadStreams.PerUser + (ulong)i);
            _users[i] = (own, new(laws, own));
        }

        _first = FirstQuestions(_users.Length, WorkloadStreams.Open(config.Seed, WorkloadStreams.Users), _thinkSeconds);
    }

    /// <summary>When each user first asks: after a time to think, in order of time.</summary>
    public static Queue<(double At, int User)> FirstQuestions(int users, RandomStream random, double thinkSeconds) =>
        new(Enumerable.Range(0, users).Select(u => (At: thinkSeconds == 0 ? 0 : random.NextExponential(thinkSeconds), User: u)).ToArray().OrderBy(f => f.At));

    public bool TryNext(out SimRequest request)
    {
        request = default;
        if (!_first.TryDequeue(out var first) || !(first.At < _endSeconds)) return false;
        request = Ask(first.User, WorkloadSource.Nanoseconds(first.At));
        return true;
    }

    public void Completed(in SimRequest request, long atNs, Action<SimRequest> schedule)
    {
        if (!_asking.Remove(request.Id, out var user)) return;
        var think = _thinkSeconds == 0 ? 0 : _users[user].Random.NextExponential(_thinkSeconds);
        var next = atNs + WorkloadSource.Nanoseconds(think);
        if (next < WorkloadSource.Nanoseconds(_endSeconds)) schedule(Ask(user, next));
    }

    private SimRequest Ask(int user, long atNs)
    {
        _asking[_nextId] = user;
        return _users[user].Shaper.Next(_nextId++, atNs);
    }
}
