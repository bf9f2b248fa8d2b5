using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using InferMesh.Api.Security.Callers;
using InferMesh.Api.Security.Keys;
using InferMesh.Api.Security.Limits;
using Status = Google.Rpc.Status;

namespace InferMesh.Api.Grpc.Errors;

/// <summary>Makes the errors of all gRPC calls: a code, a sentence, and details that programs can read.</summary>
internal static class RpcErrors
{
    private const string Domain = "infermesh";

    // Errors travel in trailers, coded twice, and clients refuse trailers of more than 8 KiB: a long list says how long it is instead.
    private const int MaxMessageLength = 300;
    private const int MaxTextLength = 300;
    private const int MaxDetailsBytes = 2_500;

    public static RpcException Invalid(IReadOnlyCollection<BadRequest.Types.FieldViolation> violations)
    {
        var text = violations.Count == 1 ? $"{violations.First().Field}: {violations.First().Description}" : $"{violations.Count} fields are wrong; see the details.";
        return Of(Code.InvalidArgument, text, new BadRequest { FieldViolations = { Few(violations) } });
    }

    public static RpcException NotFound(string type, params IReadOnlyCollection<string> names) =>
        Of(Code.NotFound, $"There is no {type} {string.Join(", ", names)}.",
            [.. Few(names.Select(name => new ResourceInfo { ResourceType = type, ResourceName = Short(ApiKeyText.Masked(name)) }), static _ => null)]);

    /// <param name="type">What it is, such as <c>policy</c>.</param>
    /// <param name="name">Its name.</param>
    /// <param name="currentVersion">Version that is current; 0 when there is none.</param>
    public static RpcException Conflict(string type, string name, long currentVersion)
    {
        var current = currentVersion.ToString(CultureInfo.InvariantCulture);
        var text = currentVersion == 0 ? $"There is no {type} {name}." : $"The {type} {name} is at version {current}.";
        return Of(Code.Aborted, text, Info("VERSION_CONFLICT", (type, name), ("current_version", current)));
    }

    /// <summary>Names that others have.</summary>
    public static RpcException Taken(IReadOnlyCollection<BadRequest.Types.FieldViolation> violations) =>
        Of(Code.AlreadyExists, string.Join(" ", violations.Select(v => $"{v.Field}: {v.Description}")), new BadRequest { FieldViolations = { Few(violations) } });

    public static RpcException Precondition(params IReadOnlyCollection<PreconditionFailure.Types.Violation> violations) =>
        Of(Code.FailedPrecondition, string.Join(" ", violations.Select(v => v.Description)),
            new PreconditionFailure
            {
                Violations =
                {
                    Few(
                        violations.Select(static v => new PreconditionFailure.Types.Violation { Type = Short(v.Type), Subject = Short(v.Subject), Description = Short(v.Description) }),
                        static left => new() { Description = $"{left} more." }),
                },
            });

    public static RpcException Exhausted(string message, string reason, TimeSpan retryAfter) =>
        Of(Code.ResourceExhausted, message, new RetryInfo { RetryDelay = Duration.FromTimeSpan(retryAfter) }, Info(reason));

    public static RpcException Gone(string message, long oldest) =>
        Of(Code.OutOfRange, message, Info("EVENTS_DROPPED", ("resume_after", oldest.ToString(CultureInfo.InvariantCulture))));

    public static RpcException Unavailable(string message) =>
        Of(Code.Unavailable, message, new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) });

    public static RpcException Refused(int httpStatus, string message) =>
        Of(httpStatus == StatusCodes.Status401Unauthorized ? Code.Unauthenticated : Code.PermissionDenied, message, Info(httpStatus == StatusCodes.Status401Unauthorized ? "KEY_NEEDED" : "NOT_ALLOWED"));

    /// <summary>Ends a call that stays open when its caller would not be let in any more.</summary>
    /// <exception cref="RpcException">It would not.</exception>
    public static void ThrowIfEnded(this Caller caller, DateTimeOffset now)
    {
        if (!caller.Stands(now)) throw Refused(StatusCodes.Status401Unauthorized, Caller.Ended);
    }

    /// <summary>Takes a place for a call that stays open.</summary>
    /// <exception cref="RpcException">There is none for the caller.</exception>
    public static IDisposable Open(this StreamPlaces places, Caller caller) =>
        places.TryOpen(caller) ?? throw Exhausted(StreamPlaces.IsFull, "TOO_MANY_STREAMS", TimeSpan.FromSeconds(10));

    public static RpcException Forbidden(string message) => Of(Code.PermissionDenied, message, Info("POLICY"));

    public static RpcException Internal() => Of(Code.Internal, "The call failed for a reason of ours; the log has it.");

    private static ErrorInfo Info(string reason, params ReadOnlySpan<(string Key, string Value)> metadata)
    {
        var info = new ErrorInfo { Domain = Domain, Reason = reason };
        foreach (var (key, value) in metadata) info.Metadata.Add(key, Short(value));
        return info;
    }

    private static IEnumerable<BadRequest.Types.FieldViolation> Few(IEnumerable<BadRequest.Types.FieldViolation> violations) => Few(
        violations.Select(static v => new BadRequest.Types.FieldViolation { Field = Short(v.Field), Description = Short(v.Description) }), static left => new() { Description = $"{left} more are wrong." });

    /// <summary>As many as there is room for.</summary>
    /// <param name="items">All.</param>
    /// <param name="rest">What says how many are left out; null says nothing.</param>
    private static IEnumerable<T> Few<T>(IEnumerable<T> items, Func<int, T?> rest)
        where T : class, IMessage
    {
        var all = items.ToArray();
        var (taken, bytes) = (0, 0);
        while (taken < all.Length && (bytes += all[taken].CalculateSize()) <= MaxDetailsBytes) taken++;
        return taken < all.Length && rest(all.Length - taken) is { } last ? [.. all.Take(taken), last] : all.Take(taken);
    }

    private static string Short(string text) => Short(text, MaxTextLength);

    private static string Short(string text, int most) => text.Length <= most ? text : $"{text.AsSpan(0, most - (char.IsHighSurrogate(text[most - 1]) ? 1 : 0))}...";

    private static RpcException Of(Code code, string message, params IReadOnlyCollection<IMessage> details) =>
        new Status { Code = (int)code, Message = Short(ApiKeyText.Masked(message), MaxMessageLength), Details = { details.Select(Any.Pack) } }.ToRpcException();
}
