# The commands of a service that says how their parameters bind, and asks before it changes much.
. "$PSScriptRoot/common.ps1"
Import-Module ExchangeOnlineManagement
Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }

# What PowerShell shows of one parameter in one set.
function Get-Binding([string] $Command, [string] $Parameter, [string] $Set = '__AllParameterSets') {
    (Get-Command $Command).Parameters[$Parameter].ParameterSets[$Set]
}

Check 'the commands are those of the service, in one module' {
    Assert-Equal @(Get-Module tmp*).Count 1 'modules'
    Assert-True (50 -lt @(Get-Module tmp*)[0].ExportedFunctions.Count) 'more than fifty commands'
}

Check 'parameter sets, places and pipeline binding are as declared' {
    $command = Get-Command Get-Mailbox
    Assert-Equal $command.DefaultParameterSet 'Identity'
    Assert-Equal (($command.ParameterSets.Name | Sort-Object) -join ' ') 'AnrSet Identity MailboxPlanSet'
    $identity = Get-Binding Get-Mailbox Identity Identity
    Assert-Equal $identity.Position 0
    Assert-Equal $identity.ValueFromPipeline $true
    Assert-Equal $identity.ValueFromPipelineByPropertyName $true
    Assert-Equal $identity.IsMandatory $false
    Assert-Equal (Get-Binding Remove-Mailbox Identity Identity).IsMandatory $true
    Assert-Equal $command.Parameters['Anr'].ParameterType ([string])
    Assert-Equal $command.Parameters['Archive'].ParameterType ([switch])
    Assert-Equal $command.Parameters['ResultSize'].ParameterType ([object])
    Assert-Equal (Get-Command New-Mailbox).Parameters['Password'].ParameterType ([securestring])
}

Check 'Get-Command shows the syntax' {
    $syntax = (Get-Command Get-Mailbox -Syntax) -replace '\r'
    Assert-Like $syntax '*Get-Mailbox `[-Anr <string>`]*' 'syntax'
    Assert-Like $syntax '*Get-Mailbox `[`[-Identity`] <Object>`]*' 'syntax'
    Assert-Like (Get-Command Remove-Mailbox -Syntax) '*`[-Identity`] <Object>*`[-WhatIf`]*`[-Confirm`]*'
}

Check 'Get-Command shows the same syntax as for the module text of the service' {
    $form = @{
        grant_type = 'password'; client_id = 'fb78d390-0c51-40cd-8e17-fdbfab77341b'
        username   = $env:EXO_LAB_USER; password = $env:EXO_LAB_PASSWORD; scope = 'https://outlook.office365.com/.default'
    }
    $token = (Invoke-RestMethod -Method Post "$env:EXO_LAB_AUTHORITY/oauth2/v2.0/token" -Body $form).access_token
    $uri = "$env:EXO_LAB_REST_URL/AdminApi/v1.0/$((Get-ConnectionInformation).TenantID)/EXOModuleFile?Version=3.5.0"
    $files = (Invoke-RestMethod $uri -Headers @{ Authorization = "Bearer $token"; CommandName = '*'; 'exomodule-version' = '3.5.0' }).value
    $text = @($files | Where-Object fileName -Like '*.psm1')[0].fileContent
    # Only the place of these two may differ: dynamic parameters come after them.
    $describe = {
        param($Command)
        $Command.DefaultParameterSet
        $Command.ParameterSets | ForEach-Object { $_.ToString() -replace ' \[-(WhatIf|Confirm)\]' }
        ($Command.Parameters.Keys | Sort-Object) -join ' '
    }
    $shell = New-Shell
    $shell.Runspace.SessionStateProxy.SetVariable('text', $text)
    $declared = Invoke-In $shell @"
        `$original = New-Module -Name original -ScriptBlock ([scriptblock]::Create(`$text))
        `$described = @{}
        foreach (`$command in `$original.ExportedFunctions.Values) { `$described[`$command.Name] = (& { $describe } `$command) -join '|' }
        `$described
"@
    $shell.Runspace.Dispose()
    $compared = 0
    foreach ($name in $declared.Keys) {
        Assert-Equal ((& $describe (Get-Command $name)) -join '|') $declared[$name] $name
        $compared++
    }
    Assert-True (50 -lt $compared) 'more than fifty compared'
}

Check 'what does not fit the sets is refused before anything is sent' {
    $cases = @(
        @{ Id = 'AmbiguousParameterSet,Get-Mailbox'; Run = { Get-Mailbox -Anr a -Identity b } }
        @{ Id = 'ParameterArgumentValidationError,Get-Mailbox'; Run = { Get-Mailbox -Anr '' } }
        @{ Id = 'NamedParameterNotFound,Get-Mailbox'; Run = { Get-Mailbox -NoSuchParameter 1 } }
        @{ Id = 'CannotConvertArgument,Set-Mailbox'; Run = { Set-Mailbox x -AuditEnabled 'perhaps' } }
    )
    foreach ($case in $cases) {
        Assert-Equal (Get-Failure $case.Run).FullyQualifiedErrorId $case.Id
    }
}

Check 'a command runs by name, by place, by splatting and by pipeline' {
    $all = @(Get-Mailbox)
    Assert-True (1 -lt $all.Count) 'more than one mailbox'
    Assert-Equal (Get-Mailbox $all[0].Alias).Guid $all[0].Guid
    $splat = @{ Identity = $all[1].Alias; ErrorAction = 'Stop' }
    Assert-Equal (Get-Mailbox @splat).Guid $all[1].Guid
    Assert-Equal (@($all[0].Alias, $all[1].Alias | Get-Mailbox).Guid -join ' ') "$($all[0].Guid) $($all[1].Guid)"
    Assert-Equal ($all[1] | Get-Mailbox).Guid $all[1].Guid
    Assert-Equal ([pscustomobject]@{ Identity = $all[1].Alias } | Get-Mailbox).Guid $all[1].Guid
    Assert-Equal @(Get-Mailbox -ResultSize 2 -WarningAction SilentlyContinue).Count 2
}

Check 'a piped object goes to the parameter for its type' {
    $plan = [pscustomobject]@{ PSTypeName = 'Deserialized.Microsoft.Exchange.Configuration.Tasks.MailboxPlanIdParameter'; Identity = 'nobody' }
    $null = @($plan | Get-Mailbox -ErrorAction Stop)
    $other = [pscustomobject]@{ Identity = 'nobody' }
    Assert-Like (Get-Failure { $other | Get-Mailbox -ErrorAction Stop }).Exception.Message "*'nobody'*"
}

# What the keys Tab offer at the end of a line.
function Get-Completion([string] $Line) { (TabExpansion2 $Line $Line.Length).CompletionMatches.CompletionText -join ' ' }

Check 'names complete, and the values of parameters that are true or false' {
    Assert-Equal (Get-Completion 'Get-Mailbox -Ide') '-Identity'
    Assert-Equal (Get-Completion 'Set-Mailbox x -AuditEn') '-AuditEnabled'
    Assert-Equal (Get-Completion 'Set-Mailbox x -AuditEnabled ') '$true $false'
    Assert-Equal (Get-Completion 'Remove-Mailbox x -Confirm:') '$true $false'
    Assert-Like (Get-Completion 'Get-Mailb') '*Get-Mailbox *'
    Assert-Equal (Get-Completion 'Connect-ExchangeOnline -ExchangeEnvironmentName O365G') 'O365GermanyCloud'
    Assert-Like (Get-Completion 'Get-EXOMailbox x -PropertySets ') '*Quota*'
}

Check 'the values that the catalogue lists complete' {
    # The tenant here lists none for its commands.
    $catalogue = '[{ "name": "Get-Thing", "supportsShouldProcess": false, "parameters": [
        { "name": "Kind", "type": "System.String", "aliases": ["Form"], "validation": ["Set(Round,Square)"] },
        { "name": "Flags", "type": "System.String[]", "validation": ["Set(Round,Square)"] }] }]'
    $assembly = (Get-Module ExchangeOnlineManagement).ImplementingAssembly
    $read = $assembly.GetType('ExchangeOnlineManagement.Proxy.RemoteCommand').GetMethod('ReadAll', [System.Reflection.BindingFlags] 'NonPublic, Static')
    $known = $read.Invoke($null, @([System.Text.Encoding]::UTF8.GetBytes($catalogue), [System.Collections.Generic.List[string]]::new()))[0]
    $global:made = [System.Management.Automation.RuntimeDefinedParameterDictionary]::new()
    $declare = $assembly.GetType('ExchangeOnlineManagement.Proxy.RemoteParameter').GetMethod('Declare', [System.Reflection.BindingFlags] 'NonPublic, Instance')
    $parameters = $known.GetType().GetProperty('Parameters', [System.Reflection.BindingFlags] 'NonPublic, Instance').GetValue($known)
    foreach ($parameter in $parameters) { $one = $declare.Invoke($parameter, @()); $made[$one.Name] = $one }
    function global:Get-Thing { [CmdletBinding()] param() dynamicparam { $global:made } end { $PSBoundParameters } }
    Assert-Equal (Get-Completion 'Get-Thing -Kind ') 'Round Square'
    Assert-Equal (Get-Completion 'Get-Thing -Flags Round,S') 'Square'
    Assert-Equal (Get-Completion 'Get-Thing -Form ') 'Round Square' 'by its alias'
    Assert-Equal (Get-Thing -Form Round).Kind 'Round'
    Assert-Equal (Get-Failure { Get-Thing -Kind Flat }).FullyQualifiedErrorId 'ParameterArgumentValidationError,Get-Thing'
    Remove-Item function:global:Get-Thing, variable:global:made
}

Check 'the common parameters do what they do for any command' {
    $kept = $names = $null
    $null = Get-Mailbox -ResultSize 2 -OutVariable kept -WarningAction Ignore
    Assert-Equal $kept.Count 2 '-OutVariable'
    $names = @(Get-Mailbox -ResultSize 2 -WarningAction Ignore -PipelineVariable box | ForEach-Object { 1 } | ForEach-Object { $box.Name })
    Assert-Equal ($names -join '|') ($kept.Name -join '|') '-PipelineVariable'
    $null = Get-Mailbox nobody -ErrorAction SilentlyContinue -ErrorVariable failed
    Assert-Equal $failed.Count 1 '-ErrorVariable'
    Assert-Equal @(Get-Mailbox -ResultSize 3 -OutBuffer 10 -WarningAction Ignore).Count 3 '-OutBuffer'
}

Check 'a change reaches the service' {
    $one = @(Get-Mailbox -ResultSize 1 -WarningAction SilentlyContinue)[0]
    $one | Set-Mailbox -CustomAttribute1 'by pipeline' -HiddenFromAddressListsEnabled:$true
    $changed = Get-Mailbox $one.Alias
    Assert-Equal $changed.CustomAttribute1 'by pipeline'
    Set-Mailbox $one.Alias -EmailAddresses @{ Add = 'smtp:second@contoso.onmicrosoft.com' }
    Assert-Equal $global:EXO_LastExecutionStatus $true
}

Check 'an error of the service is an error record, and the last status says so' {
    Get-Mailbox nobody -ErrorAction Continue -ErrorVariable seen 2>$null
    Assert-Equal $? $false '$?'
    Assert-Equal $global:EXO_LastExecutionStatus $false
    Assert-Equal $seen.Count 1 'errors'
    $record = $seen[0]
    Assert-Like $record.FullyQualifiedErrorId '`[Server=*,RequestId=*,TimeStamp=*`],*'
    Assert-Like $record.Exception.Message "*|Microsoft.Exchange.*|The operation couldn't be performed because object 'nobody' couldn't be found on *"
    Assert-Equal $record.CategoryInfo.Activity 'Get-Mailbox'
    Assert-Equal $record.CategoryInfo.Reason 'ManagementObjectNotFoundException'
    $null = Get-AcceptedDomain
    Assert-Equal $global:EXO_LastExecutionStatus $true
    $found = @('nobody', (Get-Mailbox -ResultSize 1 3>$null).Alias | Get-Mailbox -ErrorAction SilentlyContinue)
    Assert-Equal $found.Count 1
    Assert-Equal $global:EXO_LastExecutionStatus $false 'one of two inputs failed'
    Assert-Like (Get-Failure { Get-Mailbox nobody -ErrorAction Stop }).FullyQualifiedErrorId '`[Server=*'
}

# A shell with somebody who answers; the variable $UI of this script is what that host kept.
Add-Type -Path "$PSScriptRoot/host.cs" -CompilerOptions '/langversion:12' -IgnoreWarnings
function New-AskingShell {
    $script:AskingHost = [TestHost]::new()
    $script:UI = $AskingHost.TestUI
    $shell = [powershell]::Create()
    $shell.Runspace = [runspacefactory]::CreateRunspace($AskingHost, [initialsessionstate]::CreateDefault2())
    $shell.Runspace.Open()
    $null = Invoke-In $shell $ConnectScript.Replace('Connect-Lab', 'Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL }')
    if ($shell.HadErrors) { throw "$($shell.Streams.Error)" }
    $shell
}
$shell = New-AskingShell
function Clear-UI { $UI.Asked.Clear(); $UI.Lines.Clear(); $UI.Answers.Clear() }

Check 'a heavy change is asked about in the words of the service, and no is no' {
    Clear-UI
    $UI.Answers.Enqueue(2)
    $alias = @(Get-Mailbox)[-1].Alias
    $null = Invoke-In $shell "Remove-Mailbox $alias"
    Assert-Equal $UI.Asked.Count 1 'questions'
    Assert-Like $UI.Asked[0] "Confirm|Are you sure you want to perform this action?`nRemoving mailbox Identity:`"$alias`" will remove the user object*|&Yes,Yes to &All,&No,No to A&ll,&Suspend|0"
    Assert-Equal @(Get-Mailbox $alias).Count 1 'the mailbox is there'
}

Check 'yes is yes, and -Confirm:$false asks nothing' {
    Clear-UI
    $UI.Answers.Enqueue(0)
    $before = @(Get-Mailbox).Count
    $aliases = @(Get-Mailbox)[-1, -2].Alias
    $null = Invoke-In $shell "Remove-Mailbox $($aliases[0])"
    Assert-Equal @(Get-Mailbox).Count ($before - 1) 'mailboxes'
    $null = Invoke-In $shell "Remove-Mailbox $($aliases[1]) -Confirm:`$false"
    Assert-Equal @(Get-Mailbox).Count ($before - 2) 'mailboxes'
    Assert-Equal $UI.Asked.Count 1 'questions'
}

Check 'yes to all and no to all go for the other piped inputs' {
    Clear-UI
    $aliases = @(Get-Mailbox)[-1, -2].Alias
    $UI.Answers.Enqueue(3)
    $null = Invoke-In $shell "'$($aliases[0])', '$($aliases[1])' | Remove-Mailbox"
    Assert-Equal $UI.Asked.Count 1 'questions'
    Assert-Equal @($aliases | Get-Mailbox).Count 2 'mailboxes'
    $UI.Answers.Enqueue(1)
    $null = Invoke-In $shell "'$($aliases[0])', '$($aliases[1])' | Remove-Mailbox"
    Assert-Equal $UI.Asked.Count 2 'questions'
    Assert-Equal @($aliases | Get-Mailbox -ErrorAction Ignore).Count 0 'mailboxes'
}

Check 'the weight of a change, -Confirm and $ConfirmPreference decide who is asked' {
    $alias = @(Get-Mailbox)[0].Alias
    $cases = @(
        @{ Asked = 0; Run = "Set-Mailbox $alias -CustomAttribute3 a" }
        @{ Asked = 1; Run = "Set-Mailbox $alias -CustomAttribute3 b -Confirm" }
        @{ Asked = 1; Run = "& { `$ConfirmPreference = 'Medium'; Set-Mailbox $alias -CustomAttribute3 c }" }
        @{ Asked = 0; Run = "& { `$ConfirmPreference = 'None'; Remove-Mailbox nobody -ErrorAction Ignore }" }
        @{ Asked = 1; Run = "& { `$ConfirmPreference = 'High'; Remove-Mailbox $alias }" }
    )
    foreach ($case in $cases) {
        Clear-UI
        $UI.Answers.Enqueue(2)
        $null = Invoke-In $shell $case.Run
        Assert-Equal $UI.Asked.Count $case.Asked $case.Run
    }
    Assert-Equal (Get-Mailbox $alias).CustomAttribute3 'a'
}

Check '-WhatIf and $WhatIfPreference, be it local, show the text of the service and change nothing' {
    $alias = @(Get-Mailbox)[0].Alias
    Set-Mailbox $alias -CustomAttribute4 'before'
    $cases = @(
        "Set-Mailbox $alias -CustomAttribute4 after -WhatIf"
        "& { `$WhatIfPreference = `$true; Set-Mailbox $alias -CustomAttribute4 after }"
        "function Test-Outer { [CmdletBinding(SupportsShouldProcess)] param() Set-Mailbox $alias -CustomAttribute4 after }; Test-Outer -WhatIf"
        "`$global:WhatIfPreference = `$true; try { Set-Mailbox $alias -CustomAttribute4 after } finally { `$global:WhatIfPreference = `$false }"
    )
    foreach ($case in $cases) {
        Clear-UI
        $null = Invoke-In $shell $case
        Assert-Equal $shell.HadErrors $false "$($shell.Streams.Error)"
        Assert-Equal ($UI.Lines -join '|') "What if: Setting mailbox `"$alias`"." $case
        Assert-Equal $UI.Asked.Count 0 'questions'
    }
    Assert-Equal (Get-Mailbox $alias).CustomAttribute4 'before'
    Clear-UI
    $null = Invoke-In $shell "Remove-Mailbox $alias -WhatIf"
    Assert-Like $UI.Lines[0] 'What if: Removing mailbox Identity:*'
    Assert-Equal @(Get-Mailbox $alias).Count 1
    $null = Invoke-In $shell "& { `$WhatIfPreference = `$true; Set-Mailbox $alias -CustomAttribute4 after -WhatIf:`$false }"
    Assert-Equal (Get-Mailbox $alias).CustomAttribute4 'after' 'with -WhatIf:$false'
}

Check 'where nobody can be asked nothing is changed' {
    $alias = @(Get-Mailbox)[0].Alias
    $null = Get-Failure { Remove-Mailbox $alias -ErrorAction Stop }
    Assert-Equal @(Get-Mailbox $alias).Count 1
}

Check 'disconnecting asks, and does nothing with -WhatIf or without a yes' {
    $left = 'ExchangeOnline_1'
    foreach ($case in @{ Run = 'Disconnect-ExchangeOnline -WhatIf'; Asked = 0 }, @{ Run = 'Disconnect-ExchangeOnline'; Asked = 1 }) {
        Clear-UI
        $UI.Answers.Enqueue(2)
        $null = Invoke-In $shell $case.Run
        Assert-Equal $UI.Asked.Count $case.Asked $case.Run
        Assert-Equal "$((Invoke-In $shell '(Get-ConnectionInformation).Name'))" $left $case.Run
    }
    Assert-Like $UI.Asked[0] '*ends all sessions made by Connect-ExchangeOnline and Connect-IPPSSession*'
    Clear-UI
    $UI.Answers.Enqueue(0)
    $said = Invoke-In $shell 'Disconnect-ExchangeOnline 6>&1'
    Assert-Equal $UI.Asked.Count 1 'questions'
    Assert-Like "$said" "*'$left'*Disconnected successfully*"
    Assert-Equal @(Invoke-In $shell 'Get-ConnectionInformation').Count 0 'connections'
}

$shell.Runspace.Dispose()

Check 'secrets reach the service' {
    $password = ConvertTo-SecureString 'A long <password> & more' -AsPlainText -Force
    $null = New-Mailbox -Name 'Secret One' -MicrosoftOnlineServicesID secret.one@contoso.onmicrosoft.com -Password $password
    Assert-Equal @(Get-Mailbox 'Secret One').Count 1
    $short = ConvertTo-SecureString 'short' -AsPlainText -Force
    $failure = Get-Failure { New-Mailbox -Name 'Secret Two' -MicrosoftOnlineServicesID secret.two@contoso.onmicrosoft.com -Password $short -ErrorAction Stop }
    Assert-Like $failure.Exception.Message '*assword*'
    $null = New-RoleGroup 'Linked One' -LinkedDomainController d -LinkedCredential ([pscredential]::new('someone', [securestring]::new())) -ErrorAction SilentlyContinue -ErrorVariable seen
    Assert-True ("$seen" -notlike '*CLIXML*') "an empty password can be sent ($seen)"
    foreach ($nested in @($password), @{ Add = $password }) {
        $failure = Get-Failure { Get-Mailbox -Identity $nested }
        Assert-Like $failure.Exception.Message "The parameter 'Identity' has a secret*within a list or a table*"
    }
}

Check 'what is known about a connection is shown, and Disconnect-ExchangeOnline takes it' {
    Connect-Lab @{ Prefix = 'Old' }
    $all = @(Get-ConnectionInformation)
    Assert-Equal $all.Count 2 'connections'
    $rest, $old = $all
    $columns = 'ConnectionId State Id Name UserPrincipalName ConnectionUri AzureAdAuthorizationEndpointUri TokenExpiryTimeUTC CertificateAuthentication ModuleName ModulePrefix Organization DelegatedOrganization AppId PageSize TenantID TokenStatus ConnectionUsedForInbuiltCmdlets IsEopSession'
    Assert-Equal ($rest.psobject.Properties.Name -join ' ') $columns 'columns'
    Assert-True ([guid]::TryParse($rest.TenantID, [ref] [guid]::Empty)) "the tenant '$($rest.TenantID)'"
    Assert-Equal $rest.ModuleName (Get-Command Get-Mailbox).Source
    Assert-Equal $rest.State 'Connected'
    Assert-Like $rest.Name 'ExchangeOnline_*'
    Assert-Equal $rest.Name "ExchangeOnline_$($rest.Id)"
    Assert-Equal $rest.UserPrincipalName $env:EXO_LAB_USER
    Assert-Equal $rest.ConnectionUri.TrimEnd('/') $env:EXO_LAB_REST_URL
    Assert-Equal $rest.AzureAdAuthorizationEndpointUri $env:EXO_LAB_AUTHORITY
    Assert-Equal $rest.TokenStatus 'Active'
    Assert-True ([DateTimeOffset]::UtcNow -lt $rest.TokenExpiryTimeUTC) 'the token lives'
    Assert-Equal $rest.PageSize ([uint]1000)
    Assert-Equal $rest.IsEopSession $false
    Assert-Equal $rest.CertificateAuthentication $false
    Assert-Equal $old.ConnectionUsedForInbuiltCmdlets $true
    Assert-Equal $old.ModulePrefix 'Old'
    Assert-True ($null -eq $old.PageSize) 'no pages over remote PowerShell'
    Assert-Equal (Get-ConnectionInformation -ModulePrefix old).ConnectionId $old.ConnectionId
    Assert-Equal (Get-ConnectionInformation -ConnectionId $rest.ConnectionId).Id $rest.Id
    $old | Disconnect-ExchangeOnline -Confirm:$false -InformationAction Ignore
    Assert-Equal (Get-ConnectionInformation).Id $rest.Id 'the other is left'
    Assert-Equal (Get-Command Disconnect-ExchangeOnline).ParameterSets.Count 3
}

$all = @(Get-Mailbox -ResultSize Unlimited).Count
"# $all mailboxes"
Disconnect-Lab

Check 'PageSize decides how many objects come at once' {
    Connect-Lab @{ ConnectionUri = $env:EXO_LAB_REST_URL; PageSize = 2 }
    Assert-Equal (Get-ConnectionInformation).PageSize ([uint]2)
    Assert-Equal @(Get-Mailbox -ResultSize Unlimited).Count $all 'mailboxes'
    Disconnect-Lab
    Assert-Equal (Get-Failure { Connect-Lab @{ PageSize = 1001 } }).FullyQualifiedErrorId 'ParameterArgumentValidationError,ExchangeOnlineManagement.Commands.ConnectExchangeOnlineCommand'
}

Complete
