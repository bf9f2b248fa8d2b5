using InferMesh.Simulator.Service;

namespace InferMesh.Simulator.Engine;

/// <summary>How far one attempt to serve a request is.</summary>
internal enum AttemptState : byte
{
    /// <summary>There is none.</summary>
    None = 0,

    /// <summary>On its way to the target, or waiting there for the model to load.</summary>
    Travelling,

    /// <summary>In the engine.</summary>
    OnTarget,

    /// <summary>Prefilled; the first token is on its way, and the KV blocks wait for the node that goes on.</summary>
    Prefilled,

    /// <summary>Finished; the answer is on its way.</summary>
    Finished,

    /// <summary>Lost with its node; the news is on its way.</summary>
    Lost,

    /// <summary>Over: answered, cancelled or lost.</summary>
    Ended,
}

/// <summary>One attempt to serve a request on one target, or on one that prefills and one that decodes after another.</summary>
internal struct Attempt
{
    public Attempt(int target)
    {
        (Target, Prefill, Failed) = (target, target, Flight.Nobody);
        (StartNs, FirstNs) = (-1, -1);
    }

    /// <summary>Where it is now.</summary>
    public int Target;

    /// <summary>Where the first token is made.</summary>
    public int Prefill;

    /// <summary>The target that broke; <see cref="Flight.Nobody"/> when it is the present one or none did.</summary>
    public int Failed;

    public AttemptState State;

    /// <summary>Whether the other copy was first.</summary>
    public bool Unwanted;

    /// <summary>Whether the node that prefilled still has the KV blocks for it.</summary>
    public bool HoldsBlocks;

    public long SentNs, DeliveredNs, StartNs, FirstNs, DoneNs;

    /// <summary>When the second node was picked, and when all KV blocks were there; 0 when one node does all.</summary>
    public long HandedNs, MovedNs;

    /// <summary>Number of the decision in the recording, where there is one.</summary>
    public long Decision;

    public int Tokens;
    public double LoadAtDispatch, BatchAtDispatch, PrefillBacklogSeconds, ExpectedSeconds;

    public readonly bool IsLive => State is not (AttemptState.None or AttemptState.Ended);
}

/// <summary>A request from its arrival to its end, with its attempts: the first, the hedge, the retry.</summary>
internal struct Flight
{
    public const int First = 0, Hedge = 1, Retry = 2, Attempts = 3;
    public const int Nobody = -1;

    public SimRequest Request;
    public int Generation;
    public int Router;
    public int Winner;
    public int HedgeTarget;
    public bool Arrived, Done, Closed;
    private Attempt _first, _hedge, _retry;

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ref Attempt At(int attempt)
    {
        if (attempt == First) return ref _first;
        if (attempt == Hedge) return ref _hedge;
        return ref _retry;
    }

    public readonly bool AnyLive => _first.IsLive || _hedge.IsLive || _retry.IsLive;

    /// <summary>The attempt that is on a target; <see cref="Nobody"/> when none is.</summary>
    public readonly int OnTarget(int target)
    {
        if (_first.State == AttemptState.OnTarget && _first.Target == target) return First;
        if (_hedge.State == AttemptState.OnTarget && _hedge.Target == target) return Hedge;
        return _retry.State == AttemptState.OnTarget && _retry.Target == target ? Retry : Nobody;
    }

    /// <summary>The attempt whose KV blocks a target holds for another; <see cref="Nobody"/> when there is none.</summary>
    public readonly int HeldBy(int target)
    {
        if (_first.HoldsBlocks && _first.Prefill == target) return First;
        if (_hedge.HoldsBlocks && _hedge.Prefill == target) return Hedge;
        return _retry.HoldsBlocks && _retry.Prefill == target ? Retry : Nobody;
    }
}

/// <summary>All requests that are under way, in places that are used again. A tag of place, generation and attempt outlives its request without harm.</summary>
internal sealed class FlightPool
{
    private const int AttemptBits = 2;
    private const int GenerationMask = (1 << (31 - AttemptBits)) - 1;

    private Flight[] _flights = new Flight[256];
    private int[] _free = new int[256];
    private int _freeCount;
    private int _made;

    /// <summary>Requests that are under way.</summary>
    public int Count => _made - _freeCount;

    public ref Flight this[int slot] => ref _flights[slot];

    public int Open(in SimRequest request)
    {
        int slot;
        if (_freeCount > 0)
        {
            slot = _free[--_freeCount];
        }
        else
        {
            if (_made == _flights.Length) Array.Resize(ref _flights, _made * 2);
            slot = _made++;
        }
        ref var flight = ref _flights[slot];
        flight = new() { Request = request, Generation = flight.Generation, Winner = Flight.Nobody, HedgeTarget = Flight.Nobody };
        return slot;
    }

    public void Close(int slot)
    {
        ref var flight = ref _flights[slot];
        flight = new() { Generation = (flight.Generation + 1) & GenerationMask, Closed = true };
        if (_freeCount == _free.Length) Array.Resize(ref _free, _freeCount * 2);
        _free[_freeCount++] = slot;
    }

    public int Tag(int slot, int attempt) => (_flights[slot].Generation << AttemptBits) | attempt;

    /// <summary>Whether the tag is of the request that has the place now.</summary>
    public bool IsCurrent(int slot, int tag) => tag >> AttemptBits == _flights[slot].Generation && !_flights[slot].Closed;

    public static int AttemptOf(int tag) => tag & ((1 << AttemptBits) - 1);

    /// <summary>Visits all requests that are under way.</summary>
    public void ForEach(Action<int> visit)
    {
        for (var slot = 0; slot < _made; slot++) if (!_flights[slot].Closed) visit(slot);
    }
}
