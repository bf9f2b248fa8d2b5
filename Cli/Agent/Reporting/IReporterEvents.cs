namespace InferMesh.Cli.Agent.Reporting;

/// <summary>Told what becomes of a node's connection.</summary>
internal interface IReporterEvents
{
    /// <summary>The first acknowledgement of a stream has come.</summary>
    /// <param name="nodeId">Node.</param>
    /// <param name="target">API that it reports to.</param>
    /// <param name="away">How long nothing was reported; null the first time.</param>
    void Connected(string nodeId, Uri target, TimeSpan? away);

    /// <summary>A stream, or the attempt to make one, has failed. Said once until the next <see cref="Connected"/>.</summary>
    void Lost(string nodeId, Uri target, string reason);
}
