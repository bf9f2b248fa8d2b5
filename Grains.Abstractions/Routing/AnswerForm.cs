namespace InferMesh.Grains.Abstractions.Routing;

/// <summary>In what form an answer comes.</summary>
[GenerateSerializer, Alias("infermesh.AnswerForm")]
public enum AnswerForm : byte
{
    /// <summary>Nobody said: taken for a stream.</summary>
    Unknown = 0,

    /// <summary>Token by token.</summary>
    Stream,

    /// <summary>In one piece: it has no first token.</summary>
    Whole,

    /// <summary>A conversation that goes on for as long as its client likes: its times say nothing of who serves it.</summary>
    Conversation,
}
