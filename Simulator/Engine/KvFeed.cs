using InferMesh.Simulator.Configuration;
using InferMesh.Simulator.Service;
using InferMesh.Simulator.World;
using InferMesh.Strategies.PrefixCache;

namespace InferMesh.Simulator.Engine;

/// <summary>
/// Tells routers which prompt blocks the engines hold, as runtimes publish KV events: in order for each target, numbered, and as late as signals are. Made only for a strategy that
/// listens.
/// </summary>
internal sealed class KvFeed
{
    private readonly Fleet _fleet;
    private readonly EventQueue _queue;
    private readonly MeshRouter[] _routers;
    private readonly TransportConfig _transport;
    private readonly RandomStream _travel;
    private readonly Listener?[] _listeners;
    private readonly Dictionary<int, Message> _messages = [];
    private int _next;

    public KvFeed(SimConfig config, Fleet fleet, EventQueue queue, MeshRouter[] routers)
    {
        (_fleet, _queue, _routers, _transport) = (fleet, queue, routers, config.Signals.TransportMs);
        _travel = new(config.Seed, Streams.Blocks);
        _listeners = new Listener?[fleet.Count];
    }

    /// <summary>What the engine of a target speaks to.</summary>
    public IKvEvents Listen(int target) => _listeners[target] = new(_routers.Length);

    /// <summary>Sends what the engine said since the last time.</summary>
    public void Flush(int target, long nowNs)
    {
        if (_listeners[target] is not { Changes.Count: > 0 } listener) return;
        for (var from = 0; from < listener.Changes.Count;)
        {
            var to = from + 1;
            while (to < listener.Changes.Count && listener.Changes[to].Stored == listener.Changes[from].Stored) to++;
            ulong[] blocks = [.. listener.Changes[from..to].Select(c => c.Block)];
            Send(target, listener, new(target, listener.Sequence++, listener.Changes[from].Stored, blocks, _routers.Length), nowNs);
            from = to;
        }
        listener.Changes.Clear();
    }

    /// <summary>A message arrives at a router.</summary>
    public void Arrive(int number, int router)
    {
        var message = _messages[number];
        if (--message.Waiting == 0) _messages.Remove(number);
        var (strategy, identity) = ((IKvEventStrategy)_routers[router].Of(message.Target).Strategy, _fleet.Identity[message.Target]);
        if (message.Stored) strategy.KvStored(identity, message.Sequence, message.Blocks, KvTier.Gpu);
        else strategy.KvRemoved(identity, message.Sequence, message.Blocks, KvTier.Gpu);
    }

    private void Send(int target, Listener listener, Message message, long nowNs)
    {
        var number = _next++;
        _messages[number] = message;
        for (var router = 0; router < _routers.Length; router++)
        {
            var range = _fleet.Cell[target] == _routers[router].Cell ? _transport.IntraCell : _transport.InterCell;
            var at = nowNs + (long)((range.Min + (range.Max - range.Min) * _travel.NextUnit()) * 1e6);
            // One connection per router: nothing overtakes.
            listener.LastNs[router] = at = Math.Max(at, listener.LastNs[router]);
            _queue.Add(at, EventKind.BlocksArrive, number, router);
        }
    }

    private sealed class Listener(int routers) : IKvEvents
    {
        public List<(ulong Block, bool Stored)> Changes { get; } = [];

        public long[] LastNs { get; } = new long[routers];

        public long Sequence { get; set; }

        public void Stored(ulong block) => Changes.Add((block, true));

        public void Removed(ulong block) => Changes.Add((block, false));
    }

    private sealed class Message(int target, long sequence, bool stored, ulong[] blocks, int routers)
    {
        public int Target { get; } = target;

        public long Sequence { get; } = sequence;

        public bool Stored { get; } = stored;

        public ulong[] Blocks { get; } = blocks;

        public int Waiting { get; set; } = routers;
    }
}
