using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Security;

/// <summary>Who is written into the audit: what the caller says of itself, which the guard's key vouches for.</summary>
internal static class Actor
{
    public const string Header = "x-infermesh-actor";
    public const string Default = "api";
    private const int MaxLength = 128;

    /// <summary>The actor, or what is wrong with the header.</summary>
    public static (string Name, FieldError? Error) Of(HttpRequest request)
    {
        var given = request.Headers[Header].ToString();
        if (given.Length == 0) return (Default, null);
        return given.Length <= MaxLength && !given.Any(c => char.IsControl(c) || c > '~')
            ? (given, null)
            : (Default, new FieldError(Header, $"must have at most {MaxLength} printable ASCII characters."));
    }
}
