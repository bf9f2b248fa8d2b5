namespace InferMesh.Strategies.Admission;

/// <summary>What decides when a waiting request has its turn.</summary>
/// <param name="Priority">Higher goes first, always.</param>
/// <param name="Tenant">Equals take turns by tenant; "" is a tenant like any other.</param>
/// <param name="Weight">Share of the tenant, more than 0.</param>
/// <param name="DeadlineTicks">UTC ticks until which it may wait: of one tenant, the earliest goes first.</param>
public readonly record struct QueueTicket(int Priority, string Tenant, double Weight, long DeadlineTicks);

/// <summary>A request that waits.</summary>
/// <param name="Item">What the caller keeps with it.</param>
/// <param name="Ticket">Its turn.</param>
/// <param name="Number">Order of arrival.</param>
public sealed record QueuedRequest<T>(T Item, QueueTicket Ticket, long Number);

/// <summary>
/// Requests that wait for room, in the order in which they get it: by priority; among equals the tenant that has had the least service for its weight; of one tenant the earliest deadline.
/// Bounded: a newcomer to a full queue takes the place of the last one, if it goes before it. Used by one thread at a time.
/// </summary>
/// <typeparam name="T">What the caller keeps with each request.</typeparam>
public sealed class AdmissionQueue<T>(int capacity, ServiceAccount service)
{
    private static readonly Comparer<QueuedRequest<T>> ByDeadline = Comparer<QueuedRequest<T>>.Create(
        static (a, b) => a.Ticket.DeadlineTicks != b.Ticket.DeadlineTicks ? a.Ticket.DeadlineTicks.CompareTo(b.Ticket.DeadlineTicks) : a.Number.CompareTo(b.Number));

    private readonly SortedDictionary<int, Dictionary<string, SortedSet<QueuedRequest<T>>>> _levels = new(Comparer<int>.Create(static (a, b) => b.CompareTo(a)));
    private long _last;

    /// <summary>Requests that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Queues a request.</summary>
    /// <param name="item">What to keep with it.</param>
    /// <param name="ticket">Its turn.</param>
    /// <param name="nowTicks">UTC ticks.</param>
    /// <param name="displaced">Who had to leave for it; null when nobody.</param>
    /// <returns>Null when the queue is full and nobody in it comes later.</returns>
    public QueuedRequest<T>? Add(T item, QueueTicket ticket, long nowTicks, out QueuedRequest<T>? displaced)
    {
        displaced = null;
        if (Count >= capacity)
        {
            if (Last(nowTicks) is not { } last || !GoesBefore(ticket, last.Ticket, nowTicks)) return null;
            Remove(last);
            displaced = last;
        }
        var request = new QueuedRequest<T>(item, ticket, ++_last);
        if (!_levels.TryGetValue(ticket.Priority, out var tenants)) _levels[ticket.Priority] = tenants = new(StringComparer.Ordinal);
        if (!tenants.TryGetValue(ticket.Tenant, out var waiting)) tenants[ticket.Tenant] = waiting = new(ByDeadline);
        waiting.Add(request);
        Count++;
        return request;
    }

    /// <summary>Takes a request out; false when it has left already.</summary>
    public bool Remove(QueuedRequest<T> request)
    {
        var ticket = request.Ticket;
        if (!_levels.TryGetValue(ticket.Priority, out var tenants) || !tenants.TryGetValue(ticket.Tenant, out var waiting) || !waiting.Remove(request)) return false;
        if (waiting.Count == 0) tenants.Remove(ticket.Tenant);
        if (tenants.Count == 0) _levels.Remove(ticket.Priority);
        Count--;
        return true;
    }

    /// <summary>The first of each tenant, in their order: when there is no room for the first of all, there may be for another one that wants other nodes.</summary>
    /// <param name="nowTicks">UTC ticks.</param>
    public IEnumerable<QueuedRequest<T>> Heads(long nowTicks) =>
        _levels.Values.SelectMany(tenants => tenants.Values.Select(w => w.Min!).OrderBy(r => Share(r.Ticket, nowTicks)).ThenBy(static r => r, ByDeadline));

    /// <summary>How many of those who wait now would go before a request: all of a higher priority, its own tenant's earlier ones, and as many turns of the other tenants meanwhile as their weights give them.</summary>
    public double Ahead(QueueTicket ticket)
    {
        double ahead = 0;
        foreach (var (priority, tenants) in _levels)
        {
            if (priority < ticket.Priority) break;
            if (priority > ticket.Priority)
            {
                ahead += tenants.Values.Sum(static w => w.Count);
                continue;
            }
            var own = tenants.TryGetValue(ticket.Tenant, out var waiting) ? waiting.Count(r => r.Ticket.DeadlineTicks <= ticket.DeadlineTicks) : 0;
            ahead += own;
            foreach (var (tenant, others) in tenants)
            {
                if (tenant != ticket.Tenant) ahead += Math.Min(others.Count, (own + 1) * others.Min!.Ticket.Weight / ticket.Weight);
            }
        }
        return ahead;
    }

    private QueuedRequest<T>? Last(long nowTicks) =>
        _levels.Count == 0 ? null : _levels.Last().Value.Values.Select(static w => w.Max!).MaxBy(r => (Share(r.Ticket, nowTicks), r.Ticket.DeadlineTicks, r.Number));

    private bool GoesBefore(QueueTicket a, QueueTicket b, long nowTicks)
    {
        if (a.Priority != b.Priority) return a.Priority > b.Priority;
        return a.Tenant == b.Tenant ? a.DeadlineTicks < b.DeadlineTicks : Share(a, nowTicks) < Share(b, nowTicks);
    }

    private double Share(QueueTicket ticket, long nowTicks) => service.Of(ticket.Tenant, nowTicks) / ticket.Weight;
}
