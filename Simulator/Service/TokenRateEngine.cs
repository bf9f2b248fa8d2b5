using InferMesh.Simulator.Engine;

namespace InferMesh.Simulator.Service;

/// <summary>
/// The original's node with honest timers: requests of one type wait for a batch, which closes when it is full or its window is over; batches share the device's tokens per
/// second equally and give their memory back when they end. A batch computes all its prompts, gives all first tokens, computes all outputs, and answers as a whole.
/// </summary>
internal sealed class TokenRateEngine(TokenRateProfile profile) : INodeEngine
{
    private const int Types = 3;
    private const int None = -1;

    private Member[] _members = [];
    private int _free = None, _made;
    private Queue _llm = Queue.Empty, _vision = Queue.Empty, _asr = Queue.Empty;
    private Batch[] _batches = [];
    private int _active;
    private int _running, _waiting;
    private double _usedBytes;
    private double _progress;
    private double _busyNs;
    private long _last;

    public long NextNs { get; private set; } = long.MaxValue;

    public long BlocksInUse => _running;

    public bool Submit(in SimRequest request, long nowNs)
    {
        var bytes = profile.BytesOf(request.Type);
        if (bytes > profile.KvBytes) return false;
        Progress(nowNs);
        ref var queue = ref QueueOf((int)request.Type);
        var member = NewMember();
        _members[member] = new() { Request = request.Id, First = TokenRateProfile.FirstWork(request), Work = TokenRateProfile.Work(request), Output = request.OutputTokens, AtNs = nowNs, Next = None };
        if (queue.Count++ == 0) queue.Head = member;
        else _members[queue.Tail].Next = member;
        queue.Tail = member;
        _waiting++;
        Plan(nowNs);
        return true;
    }

    public bool Cancel(int request, long nowNs)
    {
        Progress(nowNs);
        for (var type = 0; type < Types; type++)
        {
            ref var queue = ref QueueOf(type);
            if (!Unlink(ref queue.Head, ref queue.Tail, request)) continue;
            queue.Count--;
            _waiting--;
            Plan(nowNs);
            return true;
        }
        for (var b = 0; b < _active; b++)
        {
            ref var batch = ref _batches[b];
            var tail = None;
            if (!Unlink(ref batch.Members, ref tail, request)) continue;
            // The batch is computed as it was laid out; what the request held is free again.
            _running--;
            _usedBytes -= profile.BytesOf(batch.Type);
            if (batch.Members == None) Remove(b);
            Plan(nowNs);
            return true;
        }
        return false;
    }

    public void Advance(long nowNs, IEngineEvents events)
    {
        Progress(nowNs);
        // What comes due within the nanosecond is due: times are rounded up to whole ones.
        var due = _progress + 1.5 * RatePerNs;
        for (var b = 0; b < _active; b++)
        {
            ref var batch = ref _batches[b];
            if (batch.FirstNs == 0 && batch.FirstAt <= due)
            {
                batch.FirstNs = nowNs;
                if (batch.Type == RequestType.Llm) TellFirst(batch.Members, nowNs, events);
            }
            if (batch.EndAt > due) continue;
            Finish(batch, nowNs, events);
            Remove(b--);
        }
        Start(nowNs, events);
        Plan(nowNs);
    }

    public EngineReading Read(long nowNs) => new(nowNs, _running, _waiting, _usedBytes / profile.KvBytes);

    public void Crash(long nowNs, List<int> lost)
    {
        Progress(nowNs);
        for (var type = 0; type < Types; type++)
        {
            Lose(QueueOf(type).Head, lost);
            QueueOf(type) = Queue.Empty;
        }
        for (var b = 0; b < _active; b++) Lose(_batches[b].Members, lost);
        (_active, _running, _waiting, _usedBytes, _free, _made) = (0, 0, 0, 0, None, 0);
        NextNs = long.MaxValue;
    }

    public double BusySeconds(long nowNs)
    {
        Progress(nowNs);
        return _busyNs / 1e9;
    }

    private double RatePerNs => profile.TokensPerSecond / 1e9 / Math.Max(1, _active);

    /// <summary>Each of the running batches has computed so much since there was any.</summary>
    private void Progress(long nowNs)
    {
        var passed = nowNs - _last;
        _last = nowNs;
        if (_active == 0)
        {
            _progress = 0;
            return;
        }
        _progress += passed * RatePerNs;
        _busyNs += passed;
    }

    private void Start(long nowNs, IEngineEvents events)
    {
        for (var type = 0; type < Types; type++)
        {
            ref var queue = ref QueueOf(type);
            while (queue.Count > 0 && IsDue(queue, nowNs) && RoomFor((RequestType)type) is > 0 and var room) Open(ref queue, (RequestType)type, Math.Min(room, queue.Count), nowNs, events);
        }
    }

    private void Open(ref Queue queue, RequestType type, int size, long nowNs, IEngineEvents events)
    {
        double first = 0, work = 0;
        var head = queue.Head;
        var last = head;
        for (var i = 0; i < size; i++)
        {
            ref var member = ref _members[i == 0 ? head : last = _members[last].Next];
            first += member.First;
            work += member.Work;
            events.Started(member.Request, nowNs);
        }
        queue.Head = _members[last].Next;
        _members[last].Next = None;
        queue.Count -= size;
        _waiting -= size;
        _running += size;
        _usedBytes += size * profile.BytesOf(type);
        if (_active == _batches.Length) Array.Resize(ref _batches, Math.Clamp(_active * 2, 1, profile.Concurrency));
        _batches[_active++] = new() { Type = type, Members = head, FirstAt = _progress + first, EndAt = _progress + work };
    }

    private void Finish(in Batch batch, long nowNs, IEngineEvents events)
    {
        if (batch.Type != RequestType.Llm) TellFirst(batch.Members, nowNs, events);
        for (var m = batch.Members; m != None;)
        {
            ref var member = ref _members[m];
            if (member.Output > 1) events.Gaps(member.Request, (nowNs - batch.FirstNs) / (member.Output - 1), member.Output - 1);
            events.Finished(member.Request, nowNs);
            _running--;
            _usedBytes -= profile.BytesOf(batch.Type);
            var next = member.Next;
            (member.Next, _free) = (_free, m);
            m = next;
        }
        // Sums of many sizes do not come back to zero by themselves.
        if (_running == 0) _usedBytes = 0;
    }

    private void TellFirst(int members, long nowNs, IEngineEvents events)
    {
        for (var m = members; m != None; m = _members[m].Next) events.FirstToken(_members[m].Request, nowNs);
    }

    private void Remove(int batch)
    {
        _batches[batch] = _batches[--_active];
        if (_active == 0) _progress = 0;
    }

    private void Plan(long nowNs)
    {
        var next = long.MaxValue;
        for (var type = 0; type < Types; type++)
        {
            ref readonly var queue = ref QueueOf(type);
            if (queue.Count == 0 || RoomFor((RequestType)type) == 0) continue;
            next = Math.Min(next, IsDue(queue, nowNs) ? nowNs : _members[queue.Head].AtNs + profile.WindowNs);
        }
        for (var b = 0; b < _active; b++)
        {
            ref readonly var batch = ref _batches[b];
            var at = batch.FirstNs == 0 ? Math.Min(batch.FirstAt, batch.EndAt) : batch.EndAt;
            next = Math.Min(next, nowNs + SimTime.Ns(Math.Ceiling(Math.Max(0, at - _progress) / RatePerNs) / 1e9));
        }
        NextNs = next;
    }

    private bool IsDue(in Queue queue, long nowNs) => queue.Count >= profile.MaxBatch || nowNs - _members[queue.Head].AtNs >= profile.WindowNs;

    private int RoomFor(RequestType type) =>
        _active >= profile.Concurrency ? 0 : (int)Math.Min(profile.MaxBatch, (profile.KvBytes - _usedBytes) / profile.BytesOf(type) + 1e-9);

    private bool Unlink(ref int head, ref int tail, int request)
    {
        for (int previous = None, m = head; m != None; previous = m, m = _members[m].Next)
        {
            if (_members[m].Request != request) continue;
            if (previous == None) head = _members[m].Next;
            else _members[previous].Next = _members[m].Next;
            if (tail == m) tail = previous;
            (_members[m].Next, _free) = (_free, m);
            return true;
        }
        return false;
    }

    private void Lose(int head, List<int> lost)
    {
        for (var m = head; m != None; m = _members[m].Next) lost.Add(_members[m].Request);
    }

    private int NewMember()
    {
        if (_free != None)
        {
            var member = _free;
            _free = _members[member].Next;
            return member;
        }
        if (_made == _members.Length) Array.Resize(ref _members, Math.Max(4, _made * 2));
        return _made++;
    }

    private ref Queue QueueOf(int type)
    {
        if (type == (int)RequestType.Llm) return ref _llm;
        if (type == (int)RequestType.Vision) return ref _vision;
        return ref _asr;
    }

    private struct Member
    {
        public int Request;
        public int Output;
        public int Next;
        public long AtNs;
        public double First;
        public double Work;
    }

    private struct Queue
    {
        public int Head, Tail, Count;

        public static Queue Empty => new() { Head = None, Tail = None };
    }

    private struct Batch
    {
        public RequestType Type;
        public int Members;
        public double FirstAt, EndAt;
        public long FirstNs;
    }
}
