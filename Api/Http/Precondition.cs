using System.Globalization;
using InferMesh.Grains.Abstractions.Policies;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Primitives;

namespace InferMesh.Api.Http;

/// <summary>What a writer believes is current: a version, anything, or nothing.</summary>
/// <param name="Expected">Version, <see cref="PolicyVersions.Any"/> or <see cref="PolicyVersions.None"/>.</param>
/// <param name="Problem">Why the headers do not say so; null when they do.</param>
internal readonly record struct Precondition(long Expected, ProblemDetails? Problem)
{
    /// <summary>Reads <c>If-Match: "3"</c>, <c>If-Match: *</c> or, where the call may create, <c>If-None-Match: *</c>.</summary>
    public static Precondition Of(HttpRequest request, bool mayCreate)
    {
        var (match, noneMatch) = (request.Headers.IfMatch, request.Headers.IfNoneMatch);
        if (!StringValues.IsNullOrEmpty(match) && !StringValues.IsNullOrEmpty(noneMatch)) return Refuse("If-Match", "and If-None-Match contradict each other: send one of them.");
        if (!StringValues.IsNullOrEmpty(noneMatch))
        {
            return mayCreate && noneMatch.ToString().Trim() == "*"
                ? new(PolicyVersions.None, null)
                : Refuse("If-None-Match", mayCreate ? "must be *, which creates and never replaces." : "has no meaning here; send If-Match.");
        }
        return StringValues.IsNullOrEmpty(match) ? new(0, Missing(mayCreate)) : Match(match.ToString().Trim());
    }

    private static Precondition Match(string text)
    {
        if (text == "*") return new(PolicyVersions.Any, null);
        return text is ['"', .. var version, '"'] && long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? new(number, null)
            : Refuse("If-Match", "must be * or one strong entity tag such as \"3\", as the ETag header gave it.");
    }

    private static Precondition Refuse(string header, string message) => new(0, Problems.Problem.Invalid(header, message));

    private static ProblemDetails Missing(bool mayCreate) => Problems.Problem.Of(
        StatusCodes.Status428PreconditionRequired, "precondition-required", "A precondition is needed",
        "Send \"If-Match\" with the ETag that you read, so that no other change is lost; If-Match: * replaces any version" + (mayCreate ? ", If-None-Match: * creates." : "."));
}
