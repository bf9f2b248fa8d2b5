using System.Text.RegularExpressions;
using Google.Rpc;
using Grpc.Core;
using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Grpc.Errors;

/// <summary>Collects all that is wrong with a message, so that its sender hears of it at once.</summary>
internal sealed partial class Violations
{
    // A hostile message may be wrong a million times; its sender needs only the beginning.
    private const int MaxListed = 100;

    private readonly List<BadRequest.Types.FieldViolation> _found = [];

    public bool Any => _found.Count > 0;

    public void Add(string field, string description)
    {
        if (_found.Count < MaxListed) _found.Add(new() { Field = field, Description = description });
    }

    public void Require(bool holds, string field, string description)
    {
        if (!holds) Add(field, description);
    }

    /// <summary>Ids and names that become grain keys.</summary>
    public void Name(string field, string value) => Require(NamePattern().IsMatch(value), field, "must be 1 to 128 letters, digits, '.', '_' or '-', the first one a letter or digit.");

    /// <summary>Texts that must be there: blanks are none, and no key of a grain.</summary>
    public void Text(string field, string value, int maxLength = 256) => Require(value.Length <= maxLength && !string.IsNullOrWhiteSpace(value), field, $"must have 1 to {maxLength} characters.");

    /// <summary>Texts that may be empty.</summary>
    public void OptionalText(string field, string value, int maxLength = 256) => Require(value.Length <= maxLength, field, $"must have at most {maxLength} characters.");

    /// <summary>What a grain found, in the words of the message that the caller sent.</summary>
    public void Add(IEnumerable<FieldError> errors, string prefix = "")
    {
        foreach (var error in errors) Add(prefix + FieldNames.ToProto(error.Field), error.Message);
    }

    public void ThrowIfAny()
    {
        if (Any) throw Invalid();
    }

    /// <summary>The error that lists them.</summary>
    public RpcException Invalid() => RpcErrors.Invalid(_found);

    /// <summary>The fields are well-formed, but others have what they name.</summary>
    public RpcException Taken() => RpcErrors.Taken(_found);

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
