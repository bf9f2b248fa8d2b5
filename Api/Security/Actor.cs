using InferMesh.Api.Security.Callers;
using InferMesh.Grains.Abstractions;

namespace InferMesh.Api.Security;

/// <summary>Who is written into the audit: the caller as the API knows it, and beside it what it says of itself.</summary>
internal static class Actor
{
    public const string Header = "x-infermesh-actor";
    private const int MaxLength = 128;

    /// <summary>The actor, or what is wrong with the header.</summary>
    public static (string Name, FieldError? Error) Of(HttpRequest request)
    {
        var caller = request.HttpContext.Caller();
        var name = caller.IsKnown ? caller.Name : "nobody";
        if (name.Length > MaxLength) name = name[..MaxLength];
        var given = request.Headers[Header].ToString();
        if (given.Length == 0) return (name, null);
        return given.Length <= MaxLength && !given.Any(c => char.IsControl(c) || c > '~')
            ? ($"{name} (says {given})", null)
            : (name, new FieldError(Header, $"must have at most {MaxLength} printable ASCII characters."));
    }
}
