using InferMesh.Grains.Abstractions.Events;

namespace InferMesh.Grains.Events;

/// <summary>A grain whose changes are events: it stores each together with the change, and delivers it afterwards.</summary>
[Alias("infermesh.IEventSource")]
internal interface IEventSource : IGrainWithStringKey
{
    /// <summary>Goes on with the delivery; when nothing is left, stores so and takes back that there was something.</summary>
    [Alias("Flush")] Task Flush();
}

/// <summary>State with an outbox.</summary>
internal interface IOutboxState
{
    /// <summary>Events that the log may not have yet.</summary>
    OutboxState Outbox { get; set; }
}

/// <summary>Events that are stored with the changes that they tell of, and may not have been delivered yet.</summary>
/// <param name="Sequence">Number of the last event that there ever was.</param>
/// <param name="Pending">Oldest first.</param>
[GenerateSerializer, Immutable, Alias("infermesh.OutboxState")]
internal sealed record OutboxState([property: Id(0)] long Sequence, [property: Id(1)] IReadOnlyList<SourcedEvent> Pending)
{
    public static readonly OutboxState Empty = new(0, []);

    /// <param name="happened">The event.</param>
    /// <param name="first">Its number when it is the first: above all numbers of a former life, which the log may remember and take for a repetition.</param>
    public OutboxState With(MeshEvent happened, long first)
    {
        var number = Sequence == 0 ? first : Sequence + 1;
        return new(number, [.. Pending, new(number, happened)]);
    }

    /// <summary>Without those up to a number.</summary>
    public OutboxState Without(long delivered) => Pending is [var first, ..] && first.Sequence <= delivered ? this with { Pending = [.. Pending.SkipWhile(e => e.Sequence <= delivered)] } : this;

    /// <summary>As it was before the events after a number.</summary>
    public OutboxState Until(long stored) => new(stored, [.. Pending.TakeWhile(e => e.Sequence <= stored)]);
}
