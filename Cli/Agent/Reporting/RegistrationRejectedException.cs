using Google.Rpc;
using Grpc.Core;

namespace InferMesh.Cli.Agent.Reporting;

/// <summary>The mesh refuses what the node says it is: trying again would not help.</summary>
internal sealed class RegistrationRejectedException(string nodeId, IReadOnlyList<string> errors)
    : Exception($"the mesh refuses node '{nodeId}': {string.Join("; ", errors)}")
{
    private const string DetailsTrailer = "grpc-status-details-bin";

    /// <summary>One line per field.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;

    /// <summary>Takes the fields from the status details; an API without them has at least a message.</summary>
    public static RegistrationRejectedException From(string nodeId, RpcException exception)
    {
        var fields = Violations(exception).Select(violation => violation.Field.Length == 0 ? violation.Description : $"{violation.Field}: {violation.Description}").ToList();
        return new RegistrationRejectedException(nodeId, fields.Count > 0 ? fields : [exception.Status.Detail.ReplaceLineEndings(" ")]);
    }

    private static IEnumerable<BadRequest.Types.FieldViolation> Violations(RpcException exception)
    {
        if (exception.Trailers.GetValueBytes(DetailsTrailer) is not { } bytes)
            return [];
        try
        {
            return Google.Rpc.Status.Parser.ParseFrom(bytes).Details
                .Where(detail => detail.Is(BadRequest.Descriptor))
                .SelectMany(detail => detail.Unpack<BadRequest>().FieldViolations);
        }
        catch (Google.Protobuf.InvalidProtocolBufferException)
        {
            return []; // The plain message says it then.
        }
    }
}
